// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/verdict/fusion.h"

#include "analysis/verdict/explanation.h"
#include "analysis/verdict/groups.h"
#include "analysis/verdict/judgement.h"
#include "analysis/verdict/pattern_verdict.h"
#include "analysis/verdict/probe_judgement.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace fedsleuth::analysis {

using model::ClientId;
using model::Verdict;
using model::VerdictClass;

namespace {

/// What a verdict asks for.
struct Bar {
    double false_discovery_rate = 0.05;  ///< of the clients called malicious
    double malicious = 0.6;              ///< probability
    double suspect = 0.4;                ///< probability …
    double suspect_p_value = 0.01;  ///< … and this: a likely attack is none where honest clients often look like that
};
constexpr Bar ordinary_bar;
/// Who brings a misclassified input along asks about something that went wrong: an attack that is built to hide is then
/// worth two or three honest clients in a hundred under suspicion (tests/evaluation/PROBES.md).
constexpr Bar incident_bar{0.1, 0.5, 0.3, 0.03};
constexpr double watch_probability = 0.2;
constexpr double believed_pattern = 0.3;  // after a successful attack the honest clients' updates may look wild as well
constexpr double beyond_doubt_probability = 0.95;
constexpr double sure_mimic = 0.7;
constexpr double likely_mimic = 0.2;
constexpr double original_probability = 0.2;  // of a client that was copied: what it does itself is not judged high

/// What is known of one client when its verdict is due.
struct Case {
    const Judgement* judgement = nullptr;
    PatternVerdict pattern;
    std::vector<std::pair<std::string, double>> kinds;  ///< its judgement's, or its group's mean; the likeliest first
    bool discovered = false;                            ///< at the bar's false discovery rate
    const std::string* explained = nullptr;             ///< why it is odd without any attack
    bool original = false;                              ///< of copies that look like a mimic's
    bool original_known = false;                        ///< one of its twins is the original
    bool crowd = true;                                  ///< the federation is large enough to be judged statistically
    const Bar* bar = &ordinary_bar;

    [[nodiscard]] bool convicted() const { return discovered && judgement->probability >= bar->malicious; }
};

/// The likeliest kind of attack that fits what was seen besides; "unknown" where none stands out.
std::string attack_of(const Case& one)
{
    constexpr double stands_out = 0.1;
    constexpr double clear = 0.5;
    constexpr std::array<std::string_view, 4> alike{"collusion", "sybil", "mimic", "free-rider"};
    const bool sure = one.pattern.beyond_doubt || one.judgement->probability >= one.bar->malicious;
    const bool boosted = one.pattern.beyond_doubt && one.pattern.leading == Pattern::boosted;
    if (boosted && one.pattern.attack == "model-replacement") return one.pattern.attack;
    for (const auto& [kind, likelihood] : one.kinds) {
        if (likelihood < stands_out) break;
        if (one.pattern.lockstep && likelihood < clear && std::find(alike.begin(), alike.end(), kind) == alike.end())
            continue;
        if (sure && kind == "unreliable") continue;
        if ((kind == "sign-flip" || kind == "label-flip") && !one.pattern.opposed_as.empty())
            return one.pattern.opposed_as;
        return kind;
    }
    return one.pattern.attack.empty() ? "unknown" : one.pattern.attack;
}

VerdictClass class_of(const Case& one, const std::string& attack)
{
    if (one.original) return VerdictClass::clean;
    // Among copies that were alike from the first round on nobody can tell the copied from the copiers.
    if (attack == "mimic" && !one.original_known && one.kinds.front().second >= sure_mimic)
        return VerdictClass::suspect;
    if (one.pattern.beyond_doubt) return VerdictClass::malicious;
    const double p = one.judgement->probability;
    if (one.explained) return p >= watch_probability ? VerdictClass::watch : VerdictClass::clean;
    if (one.convicted() && one.crowd) return VerdictClass::malicious;
    const bool likely = p >= one.bar->suspect && one.judgement->p_value <= one.bar->suspect_p_value;
    if (likely && attack != "unreliable") return VerdictClass::suspect;
    if (one.discovered || p >= watch_probability) return VerdictClass::watch;
    return VerdictClass::clean;
}

void fill(Verdict& verdict, const Case& one)
{
    const std::string attack = attack_of(one);
    verdict.verdict = class_of(one, attack);
    verdict.probability = one.judgement->probability;
    if (one.pattern.beyond_doubt && verdict.verdict == VerdictClass::malicious)
        verdict.probability = std::max(verdict.probability, beyond_doubt_probability);
    if (one.original) verdict.probability = std::min(verdict.probability, original_probability);
    if (one.explained) verdict.probability = std::min(verdict.probability, ordinary_bar.suspect);
    if (verdict.verdict == VerdictClass::watch && attack == "unreliable") verdict.attack = attack;
    if (verdict.verdict >= VerdictClass::suspect) {
        verdict.attack = attack;
        verdict.bad_rounds = one.judgement->bad_rounds;
        // Who was too long once or twice is named by those rounds; all else is read from the whole course.
        if (one.pattern.beyond_doubt && one.pattern.leading == Pattern::boosted && attack == "model-replacement") {
            verdict.bad_rounds.clear();
            for (const std::size_t place : one.pattern.course.bad)
                verdict.bad_rounds.push_back(one.judgement->rounds[place]);
        }
        verdict.first_bad_round = verdict.bad_rounds.front();
    }
    if (!verdict.attack.empty()) verdict.family = model::family_of(verdict.attack);
}

/// Clients in lockstep do the same thing: what it is, they tell together.
void share_kinds(std::map<ClientId, Case>& cases, const LockstepGroups& groups)
{
    for (auto& [client, one] : cases) {
        one.kinds = one.judgement->kinds;
        if (!one.pattern.lockstep) continue;
        std::map<std::string, double> sums(one.kinds.begin(), one.kinds.end());
        double count = 1;
        for (const ClientId& twin : groups.twins(client)) {
            const auto other = cases.find(twin);
            if (other == cases.end() || !other->second.pattern.lockstep) continue;
            for (const auto& [kind, likelihood] : other->second.judgement->kinds) sums[kind] += likelihood;
            ++count;
        }
        one.kinds.clear();
        for (const auto& [kind, sum] : sums) one.kinds.emplace_back(kind, sum / count);
        std::stable_sort(one.kinds.begin(), one.kinds.end(),
                         [](const auto& a, const auto& b) { return a.second > b.second; });
    }
}

/// Most federations have one attacker with many hands: what a malicious client does is read half from itself, half from
/// all that are as likely to be malicious.
void lean_on_each_other(std::map<ClientId, Case>& cases)
{
    std::map<std::string, double> sums;
    double count = 0;
    for (const auto& [client, one] : cases) {
        if (!one.convicted()) continue;
        for (const auto& [kind, likelihood] : one.kinds) sums[kind] += likelihood;
        ++count;
    }
    for (auto& [client, one] : cases) {
        if (!one.convicted()) continue;
        for (auto& [kind, likelihood] : one.kinds) likelihood = (likelihood + sums[kind] / count) / 2;
        std::stable_sort(one.kinds.begin(), one.kinds.end(),
                         [](const auto& a, const auto& b) { return a.second > b.second; });
    }
}

/// The highest that any of the client and its twins comes to: only a mimic's copies have a victim.
double likelihood_of_mimic(const std::vector<Judgement>& judgements, const LockstepGroups& groups,
                           const ClientId& client)
{
    double highest = 0;
    for (const Judgement& judgement : judgements) {
        if (judgement.client != client && !groups.twins(client).contains(judgement.client)) continue;
        for (const auto& [kind, likelihood] : judgement.kinds)
            if (kind == "mimic") highest = std::max(highest, likelihood);
    }
    return highest;
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
    const bool incident =
        evidence.probes && !evidence.probes->rounds.empty() && !evidence.probes->rounds.front().trace.rise.empty();
    const Bar& bar = incident ? incident_bar : ordinary_bar;
    const std::vector<bool> discovered = benjamini_hochberg(p_values, bar.false_discovery_rate);
    std::map<ClientId, Case> cases;
    for (std::size_t idx = 0; idx < judgements.size(); ++idx) {
        const ClientId& client = judgements[idx].client;
        Case& one = cases[client];
        one.judgement = &judgements[idx];
        one.bar = &bar;
        one.original = groups.is_original(client) && likelihood_of_mimic(judgements, groups, client) >= likely_mimic;
        for (const ClientId& twin : groups.twins(client)) one.original_known |= groups.is_original(twin);
        one.pattern = pattern_verdict(seen[client], one.original);
        one.discovered = discovered[idx];
        const auto explained = evidence.explained.find(client);
        if (explained != evidence.explained.end()) one.explained = &explained->second;
        one.crowd = judgements.size() >= smallest_federation;
        if (one.crowd && judgements[idx].probability < believed_pattern) one.pattern.beyond_doubt = false;
    }
    share_kinds(cases, groups);
    lean_on_each_other(cases);
    return cases;
}

}  // namespace

model::Verdicts fuse(const Evidence& evidence, const std::vector<ClientId>& clients)
{
    model::Verdicts verdicts;
    std::vector<Judgement> judgements = judge(evidence, trained_judges());
    std::map<ClientId, ProbeOpinion> opinions;
    if (evidence.probes)
        for (ProbeOpinion& opinion : weigh_probes(judgements, *evidence.probes, trained_probe_judges()))
            opinions.emplace(opinion.client, std::move(opinion));
    const LockstepGroups groups(evidence.rounds);
    const std::map<ClientId, Case> cases = cases_of(evidence, judgements, groups);

    std::set<ClientId> accused;
    for (const ClientId& client : clients) {
        Verdict verdict;
        verdict.client = client;
        if (const auto found = cases.find(client); found != cases.end()) {
            fill(verdict, found->second);
            if (found->second.explained && verdict.verdict == VerdictClass::watch)
                verdict.against.push_back(
                    {"norm", evidence.rounds.front().patterns.round, *found->second.explained, 1});
            explain(verdict, *found->second.judgement, found->second.pattern, cases.size(), evidence.rounds);
            if (const auto opinion = opinions.find(client); opinion != opinions.end())
                explain_probe(verdict, opinion->second);
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
