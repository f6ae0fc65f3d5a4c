// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rollback/onset.h"

#include <algorithm>

namespace fedsleuth::analysis {

using model::ClientId;
using model::RoundNo;
using model::VerdictClass;

namespace {

/// Probability `probability`, laid on the rounds in which the client took part.
std::vector<std::pair<RoundNo, double>> spread(const std::vector<RoundNo>& rounds, std::optional<RoundNo> first_bad,
                                               double probability)
{
    std::vector<std::pair<RoundNo, double>> mass;
    if (!first_bad) {
        for (const RoundNo round : rounds) mass.emplace_back(round, probability / static_cast<double>(rounds.size()));
        return mass;
    }
    std::vector<RoundNo> before;
    for (const RoundNo round : rounds)
        if (round < *first_bad) before.push_back(round);
    double left = before.empty() ? 0.0 : late;
    const double on_time = 1 - left;
    for (std::size_t back = before.size(); back > 0; --back) {
        const double here = back == 1 ? left : left / 2;
        mass.emplace_back(before[back - 1], probability * here);
        left -= here;
    }
    std::reverse(mass.begin(), mass.end());
    mass.emplace_back(*first_bad, probability * on_time);
    return mass;
}

}  // namespace

double Onset::touched(RoundNo checkpoint) const
{
    double sum = 0;
    for (const auto& [round, probability_here] : mass)
        if (round <= checkpoint) sum += probability_here;
    return std::min(sum, 1.0);
}

std::vector<Onset> onsets_of(const model::Verdicts& verdicts, const std::vector<model::Decision>& decisions,
                             const std::vector<model::Update>& updates)
{
    std::map<ClientId, std::vector<RoundNo>> rounds;
    for (const model::Update& update : updates)
        if (!update.reference) rounds[update.client].push_back(update.round);
    std::map<ClientId, VerdictClass> decided;
    for (const model::Decision& decision : decisions) decided[decision.client] = decision.decided;  // oldest first

    std::vector<Onset> onsets;
    for (const model::Verdict& verdict : verdicts.clients) {
        const auto taken_part = rounds.find(verdict.client);
        if (taken_part == rounds.end()) continue;
        Onset onset;
        onset.client = verdict.client;
        onset.shown = verdict.verdict;
        onset.probability = verdict.probability;
        const auto decision = decided.find(verdict.client);
        if (decision != decided.end() && decision->second != VerdictClass::watch) {
            onset.decided = true;
            onset.shown = decision->second;
            onset.probability = decision->second == VerdictClass::malicious ? 1.0 : 0.0;
        }
        if (onset.shown == VerdictClass::clean || onset.shown == VerdictClass::unknown) {
            if (onset.decided) onsets.push_back(std::move(onset));
            continue;
        }
        // On watch without a bad round: nothing was laid at its door yet, and what is said of every round is said of none.
        if (onset.shown == VerdictClass::watch && !verdict.first_bad_round && !onset.decided) continue;
        // A decision on a client that the verdicts have nothing on: it may have attacked from its first update on.
        std::optional<RoundNo> first_bad = verdict.first_bad_round;
        if (!first_bad && onset.decided) first_bad = taken_part->second.front();
        onset.mass = spread(taken_part->second, first_bad, onset.probability);
        onset.since = first_bad;
        onsets.push_back(std::move(onset));
    }
    std::sort(onsets.begin(), onsets.end(), [](const Onset& a, const Onset& b) { return a.client < b.client; });
    return onsets;
}

std::vector<Removal> flagged_clients(const std::vector<Onset>& onsets)
{
    std::vector<Removal> flagged;
    for (const Onset& onset : onsets)
        if (onset.shown == VerdictClass::malicious)
            flagged.push_back(
                {onset.client, onset.since.value_or(onset.mass.empty() ? RoundNo{} : onset.mass.front().first)});
    return flagged;
}

}  // namespace fedsleuth::analysis
