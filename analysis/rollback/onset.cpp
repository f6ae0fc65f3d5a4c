// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rollback/onset.h"

#include <algorithm>

namespace fedsleuth::analysis {

using model::ClientId;
using model::RoundNo;
using model::VerdictClass;

namespace {

/// Probability `probability`, laid on the rounds in which the client took part, and summed up.
std::vector<std::pair<RoundNo, double>> spread(const std::vector<RoundNo>& rounds, std::optional<RoundNo> first_bad,
                                               double probability)
{
    std::vector<std::pair<RoundNo, double>> reached;
    if (!first_bad) {
        double share = 0;
        for (const RoundNo round : rounds)
            reached.emplace_back(round, probability * ++share / static_cast<double>(rounds.size()));
        return reached;
    }
    // What is reached before the first bad round doubles from round to round, up to `late`.
    const auto before =
        static_cast<std::size_t>(std::lower_bound(rounds.begin(), rounds.end(), *first_bad) - rounds.begin());
    double up_to_here = late * probability;
    for (std::size_t back = before; back > 0 && up_to_here > 0; --back, up_to_here /= 2)
        reached.emplace_back(rounds[back - 1], up_to_here);
    std::reverse(reached.begin(), reached.end());
    reached.emplace_back(*first_bad, probability);
    return reached;
}

/// The (lower) median first bad round of each group: its members are one adversary, and one of them that stands out by
/// chance a little earlier does not say that all began then.
std::map<int, RoundNo> group_onsets(const model::Verdicts& verdicts)
{
    std::map<int, std::vector<RoundNo>> rounds;
    for (const model::Verdict& verdict : verdicts.clients)
        if (verdict.group && verdict.first_bad_round) rounds[*verdict.group].push_back(*verdict.first_bad_round);
    std::map<int, RoundNo> medians;
    for (auto& [group, of] : rounds) {
        const auto middle = of.begin() + static_cast<std::ptrdiff_t>((of.size() - 1) / 2);
        std::nth_element(of.begin(), middle, of.end());
        medians[group] = *middle;
    }
    return medians;
}

}  // namespace

double Onset::touched(RoundNo checkpoint) const
{
    const auto after = std::upper_bound(reached.begin(), reached.end(), checkpoint,
                                        [](RoundNo round, const auto& step) { return round < step.first; });
    return after == reached.begin() ? 0.0 : std::prev(after)->second;
}

Participation participation_of(const std::vector<model::Update>& updates)
{
    Participation rounds;
    for (const model::Update& update : updates)
        if (!update.reference) rounds[update.client].push_back(update.round);
    return rounds;
}

Onset onset_of(const model::Verdict& verdict, std::optional<VerdictClass> decided, const std::vector<RoundNo>& rounds)
{
    Onset onset;
    onset.client = verdict.client;
    onset.decided = decided.has_value();
    onset.shown = decided.value_or(verdict.verdict);
    onset.probability = !decided ? verdict.probability : *decided == VerdictClass::malicious ? 1.0 : 0.0;
    if (onset.shown < VerdictClass::suspect) return onset;
    onset.since = verdict.first_bad_round;
    // A decision on a client that the verdicts have nothing on: it may have attacked from its first update on.
    if (!onset.since && onset.decided) onset.since = rounds.front();
    onset.reached = spread(rounds, onset.since, onset.probability);
    return onset;
}

std::vector<Onset> onsets_of(const model::Verdicts& verdicts, const std::vector<model::Decision>& decisions,
                             const std::vector<model::Update>& updates)
{
    const Participation rounds = participation_of(updates);
    std::map<ClientId, VerdictClass> decided;
    for (const model::Decision& decision : decisions) decided[decision.client] = decision.decided;  // oldest first
    const std::map<int, RoundNo> together = group_onsets(verdicts);
    std::vector<Onset> onsets;
    for (const model::Verdict& computed : verdicts.clients) {
        model::Verdict verdict;  // without its reasons
        verdict.client = computed.client;
        verdict.verdict = computed.verdict;
        verdict.probability = computed.probability;
        verdict.first_bad_round = computed.first_bad_round;
        verdict.group = computed.group;
        const auto taken_part = rounds.find(verdict.client);
        if (taken_part == rounds.end()) continue;
        if (verdict.group && verdict.first_bad_round)
            verdict.first_bad_round = std::max(*verdict.first_bad_round, together.at(*verdict.group));
        const auto decision = decided.find(verdict.client);
        const bool counts = decision != decided.end() && decision->second != VerdictClass::watch;
        Onset onset = onset_of(verdict, counts ? std::optional(decision->second) : std::nullopt, taken_part->second);
        if (onset.decided || !onset.reached.empty()) onsets.push_back(std::move(onset));
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
                {onset.client, onset.since.value_or(onset.reached.empty() ? RoundNo{} : onset.reached.front().first)});
    return flagged;
}

}  // namespace fedsleuth::analysis
