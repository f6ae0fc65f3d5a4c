// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/verdict/explanation.h"

#include "analysis/detection/detector.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace fedsleuth::analysis {

using model::Reason;
using model::Verdict;

namespace {

constexpr std::size_t most_reasons = 5;
constexpr std::size_t most_against = 4;
constexpr double worth_saying = 3;  // evidence
constexpr double within_crowd = 3;  // robust z

struct PatternWords {
    const char* detector;
    const char* text;
};

PatternWords words_of(Pattern pattern)
{
    switch (pattern) {
        case Pattern::boosted:
            return {"norm", "its update was far longer than the crowd's"};
        case Pattern::opposed:
            return {"cosine-median", "its update pointed against the crowd's"};
        case Pattern::lockstep:
            return {"duplicate", "its update repeated another client's"};
        case Pattern::untrained:
            return {"drift-own", "its update had nothing in common with the crowd, the global model or its own past"};
        case Pattern::recycled:
            return {"recycled", "its update was a copy of what was known before"};
    }
    return {"norm", ""};
}

std::optional<std::size_t> index_in(const model::DetectorScores& scores, const model::ClientId& client)
{
    const auto found = std::find(scores.clients.begin(), scores.clients.end(), client);
    if (found == scores.clients.end()) return std::nullopt;
    return static_cast<std::size_t>(found - scores.clients.begin());
}

std::string count_text(std::size_t count, const char* noun)
{
    return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

}  // namespace

void explain(Verdict& verdict, Pattern leading, double total, std::size_t rounds_seen,
             const std::vector<ScoredRound>& rounds)
{
    const bool accused = verdict.verdict >= model::VerdictClass::watch;
    if (!verdict.bad_rounds.empty()) {
        const PatternWords words = words_of(leading);
        verdict.reasons.push_back({words.detector, verdict.bad_rounds.front(),
                                   "In " + std::to_string(verdict.bad_rounds.size()) + " of the " +
                                       count_text(rounds_seen, "round") + " that it took part in, from round " +
                                       std::to_string(verdict.bad_rounds.front().value()) + " on, " + words.text + ".",
                                   total});
    }

    for (const DetectorInfo& detector : detectors()) {
        std::optional<Reason> strongest;
        std::size_t judged = 0, outside = 0;
        for (const ScoredRound& round : rounds) {
            const auto scores = std::find_if(round.scores.begin(), round.scores.end(), [&](const auto& candidate) {
                return candidate.detector == detector.name;
            });
            if (scores == round.scores.end()) continue;
            const auto client_idx = index_in(*scores, verdict.client);
            if (!client_idx || std::isnan(scores->z[*client_idx])) continue;
            ++judged;
            const double z = scores->z[*client_idx];
            outside += detector.two_sided ? std::abs(z) >= within_crowd : z >= within_crowd;
            const bool bad = verdict.bad_rounds.empty() ||
                             std::binary_search(verdict.bad_rounds.begin(), verdict.bad_rounds.end(), scores->round);
            const double evidence = scores->evidence[*client_idx];
            if (accused && bad && evidence >= worth_saying && (!strongest || evidence > strongest->evidence))
                strongest = Reason{std::string(detector.name), scores->round, sentence(*scores, *client_idx), evidence};
        }
        if (strongest) verdict.reasons.push_back(std::move(*strongest));
        if (judged > 0 && outside * 10 <= judged)
            verdict.against.push_back(
                {std::string(detector.name), verdict.first_bad_round.value_or(rounds.front().patterns.round),
                 std::string(detector.title) + ": within the crowd (|robust z| below 3) in " +
                     std::to_string(judged - outside) + " of " + count_text(judged, "round") + ".",
                 static_cast<double>(judged - outside) / static_cast<double>(judged)});
    }
    const auto heavier = [](const Reason& a, const Reason& b) { return a.evidence > b.evidence; };
    const auto own_first = verdict.reasons.begin() + (verdict.bad_rounds.empty() ? 0 : 1);
    std::stable_sort(own_first, verdict.reasons.end(), heavier);
    std::stable_sort(verdict.against.begin(), verdict.against.end(), heavier);
    const std::size_t keep = verdict.bad_rounds.empty() ? 2 : most_reasons;
    if (verdict.reasons.size() > keep) verdict.reasons.resize(keep);
    if (verdict.against.size() > most_against) verdict.against.resize(most_against);
}

}  // namespace fedsleuth::analysis
