// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/verdict/fusion.h"

#include "analysis/verdict/explanation.h"
#include "analysis/verdict/groups.h"
#include "analysis/verdict/judgement.h"
#include "analysis/verdict/pattern_verdict.h"

#include <algorithm>
#include <map>
#include <set>

namespace fedsleuth::analysis {

using model::ClientId;
using model::Verdict;
using model::VerdictClass;

namespace {

constexpr double malicious_rate = 0.05;  // false discovery rates
constexpr double suspect_rate = 0.10;
constexpr double watch_probability = 0.2;
constexpr double suspect_probability = 0.5;
constexpr double beyond_doubt_probability = 0.95;
constexpr double original_probability = 0.2;  // of a client that was copied: what it does itself is not judged high

/// What is known of one client when its verdict is due.
struct Case {
    const Judgement* judgement = nullptr;
    PatternVerdict pattern;
    bool attributed = false;  ///< at malicious_rate
    bool suspected = false;   ///< at suspect_rate
    bool original = false;
    bool crowd = true;        ///< the federation is large enough to be judged statistically
};

VerdictClass class_of(const Case& one)
{
    if (one.original) return VerdictClass::watch;
    if (one.pattern.beyond_doubt) return VerdictClass::malicious;
    const bool unreliable = one.judgement->attack == "unreliable";
    if (one.attributed && one.crowd && !unreliable) return VerdictClass::malicious;
    const double p = one.judgement->probability;
    if ((one.suspected || one.attributed || p >= suspect_probability) && !unreliable) return VerdictClass::suspect;
    if (one.suspected || p >= watch_probability) return VerdictClass::watch;
    return VerdictClass::clean;
}

void fill(Verdict& verdict, const Case& one)
{
    verdict.verdict = class_of(one);
    verdict.probability = one.judgement->probability;
    if (one.pattern.beyond_doubt) verdict.probability = std::max(verdict.probability, beyond_doubt_probability);
    if (one.original) verdict.probability = std::min(verdict.probability, original_probability);
    if (verdict.verdict < VerdictClass::watch) return;
    // Who was too long once or twice is named by those rounds; all else is read from the whole course.
    const bool boosted = one.pattern.beyond_doubt && one.pattern.leading == Pattern::boosted;
    verdict.attack = one.judgement->attack;
    if (verdict.attack == "unknown" && one.pattern.beyond_doubt) verdict.attack = one.pattern.attack;
    verdict.bad_rounds = one.judgement->bad_rounds;
    if (boosted && verdict.attack == "model-replacement") {
        verdict.bad_rounds.clear();
        for (const std::size_t place : one.pattern.course.bad)
            verdict.bad_rounds.push_back(one.judgement->rounds[place]);
    }
    if (one.original) {
        verdict.bad_rounds.clear();
        verdict.attack.clear();
    }
    if (!verdict.bad_rounds.empty()) verdict.first_bad_round = verdict.bad_rounds.front();
    if (!verdict.attack.empty()) verdict.family = model::family_of(verdict.attack);
}

std::map<ClientId, Case> cases_of(const Evidence& evidence, const std::vector<Judgement>& judgements,
                                  const LockstepGroups& groups)
{
    std::map<ClientId, std::vector<const ClientRound*>> seen;
    for (const ScoredRound& round : evidence.rounds)
        for (std::size_t client_idx = 0; client_idx < round.patterns.seen.size(); ++client_idx)
            seen[round.patterns.clients[client_idx]].push_back(&round.patterns.seen[client_idx]);
    std::vector<double> p_values;
    for (const Judgement& judgement : judgements) p_values.push_back(judgement.p_value);
    const std::vector<bool> attributed = benjamini_hochberg(p_values, malicious_rate);
    const std::vector<bool> suspected = benjamini_hochberg(p_values, suspect_rate);
    std::map<ClientId, Case> cases;
    for (std::size_t idx = 0; idx < judgements.size(); ++idx) {
        const ClientId& client = judgements[idx].client;
        Case& one = cases[client];
        one.judgement = &judgements[idx];
        one.original = groups.is_original(client);
        one.pattern = pattern_verdict(seen[client], one.original);
        one.attributed = attributed[idx];
        one.suspected = suspected[idx];
        one.crowd = judgements.size() >= smallest_federation;
    }
    return cases;
}

}  // namespace

model::Verdicts fuse(const Evidence& evidence, const std::vector<ClientId>& clients)
{
    model::Verdicts verdicts;
    const std::vector<Judgement> judgements = judge(evidence, trained_judges());
    const LockstepGroups groups(evidence.rounds);
    const std::map<ClientId, Case> cases = cases_of(evidence, judgements, groups);

    std::set<ClientId> accused;
    for (const ClientId& client : clients) {
        Verdict verdict;
        verdict.client = client;
        if (const auto found = cases.find(client); found != cases.end()) {
            fill(verdict, found->second);
            explain(verdict, *found->second.judgement, found->second.pattern, cases.size(), evidence.rounds);
            if (verdict.verdict >= VerdictClass::suspect) accused.insert(client);
        }
        verdicts.clients.push_back(std::move(verdict));
    }
    const std::map<ClientId, int> numbers = groups.number(accused);
    for (Verdict& verdict : verdicts.clients)
        if (const auto number = numbers.find(verdict.client); number != numbers.end()) verdict.group = number->second;

    std::stable_sort(verdicts.clients.begin(), verdicts.clients.end(), [](const Verdict& a, const Verdict& b) {
        return a.probability != b.probability ? a.probability > b.probability : a.client < b.client;
    });
    return verdicts;
}

}  // namespace fedsleuth::analysis
