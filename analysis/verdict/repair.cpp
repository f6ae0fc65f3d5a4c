// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/verdict/repair.h"

#include <algorithm>
#include <optional>
#include <string>

namespace fedsleuth::analysis {

namespace {

using model::RoundNo;

constexpr double longer = 1.5;
constexpr std::size_t most_rounds = 5;

std::optional<double> median_length(const ScoredRound& round)
{
    for (const model::DetectorScores& scores : round.scores)
        if (scores.detector == "norm") return scores.location;
    return std::nullopt;
}

}  // namespace

Repairs repairs_after(const std::vector<ScoredRound>& rounds, const std::vector<RoundNo>& tampered)
{
    Repairs repairs;
    for (const RoundNo from : tampered) {
        const auto at = std::find_if(rounds.begin(), rounds.end(),
                                     [&](const ScoredRound& round) { return round.patterns.round == from; });
        if (at == rounds.end()) continue;
        const std::optional<double> before = median_length(*at);
        std::vector<RoundNo> following;
        for (auto next = at + 1; before && next != rounds.end() && following.size() < most_rounds; ++next) {
            const std::optional<double> length = median_length(*next);
            if (!length || *length <= longer * *before) break;
            following.push_back(next->patterns.round);
        }
        if (!following.empty()) repairs[from] = std::move(following);
    }
    return repairs;
}

bool is_repair(const Repairs& repairs, RoundNo round)
{
    return std::any_of(repairs.begin(), repairs.end(), [&](const auto& repair) {
        return std::find(repair.second.begin(), repair.second.end(), round) != repair.second.end();
    });
}

void mention_repairs(const Repairs& repairs, std::vector<model::Finding>& findings)
{
    for (model::Finding& finding : findings) {
        if (finding.kind != "checkpoint-mismatch" || !finding.round) continue;
        const auto found = repairs.find(*finding.round);
        if (found == repairs.end()) continue;
        const std::vector<RoundNo>& rounds = found->second;
        finding.text += rounds.size() == 1
                            ? " The updates of round " + std::to_string(rounds.front().value()) + " repair"
                            : " The updates of rounds " + std::to_string(rounds.front().value()) + " to " +
                                  std::to_string(rounds.back().value()) + " repair";
        finding.text += " that model: they are not held against anybody in the verdicts.";
    }
}

}  // namespace fedsleuth::analysis
