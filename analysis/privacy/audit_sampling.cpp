// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/privacy/audit_rules.h"
#include "model/json_writer.h"
#include "model/text.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace fedsleuth::analysis {

using model::ClientId;
using model::RoundNo;
using model::Severity;

namespace {

constexpr double by_chance = 1e-6;       ///< what chance may explain is not held against anybody
constexpr std::size_t least_rounds = 8;  ///< fewer say nothing about how cohorts are drawn

/// Who was drawn in each round: the log's selection, or where it has none, those that sent something.
std::vector<std::set<ClientId>> cohorts(const AuditCase& work)
{
    std::map<RoundNo, std::set<ClientId>> by_round;
    for (const model::Round& round : work.rounds)
        if (round.number > RoundNo{0}) by_round[round.number].insert(round.selected.begin(), round.selected.end());
    for (const model::Update& update : work.updates)
        if (!update.reference) by_round[update.round].insert(update.client);
    std::vector<std::set<ClientId>> drawn;
    for (auto& [round, clients] : by_round)
        if (!clients.empty()) drawn.push_back(std::move(clients));
    return drawn;
}

/// The sampling rate that most releases count with.
double common_rate(const AuditCase& work)
{
    std::map<double, std::size_t> counts;
    for (const AuditClient& client : work.clients)
        for (const Release& release : client.releases)
            if (const double rate = release.rate.value_or(1); !std::isnan(rate)) ++counts[rate];
    const auto most = std::max_element(counts.begin(), counts.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    return most == counts.end() ? 1 : most->first;
}

void add_finding(AuditVerdicts& verdicts, int rule, Severity severity, std::string text, std::string evidence,
                 const std::optional<ClientId>& client = {})
{
    verdicts.fail(rule, text, client ? std::vector{*client} : std::vector<ClientId>());
    model::Finding& finding = verdicts.find("privacy-sampling", severity, std::move(text));
    finding.client = client;
    finding.evidence_json = std::move(evidence);
}

/// Each client comes back after the same number of rounds, always: nothing is left to chance.
bool in_turns(const std::vector<std::set<ClientId>>& drawn)
{
    std::map<ClientId, std::vector<std::size_t>> places;
    for (std::size_t round_idx = 0; round_idx < drawn.size(); ++round_idx)
        for (const ClientId& client : drawn[round_idx]) places[client].push_back(round_idx);
    std::size_t repeated = 0;
    std::optional<std::size_t> gap;
    for (const auto& [client, rounds] : places)
        for (std::size_t idx = 1; idx < rounds.size(); ++idx) {
            const std::size_t here = rounds[idx] - rounds[idx - 1];
            if (gap && *gap != here) return false;
            gap = here;
            ++repeated;
        }
    return repeated >= least_rounds && gap > std::size_t{1};
}

/// P2: Poisson sampling makes cohorts of sizes that vary as n q (1 − q).
void check_cohorts(const AuditCase& work, const std::vector<std::set<ClientId>>& drawn, double rate,
                   AuditVerdicts& verdicts)
{
    const double rounds = static_cast<double>(drawn.size());
    const double n = static_cast<double>(work.clients.size());
    double sum = 0;
    for (const auto& cohort : drawn) sum += static_cast<double>(cohort.size());
    const double mean = sum / rounds;
    double squares = 0;
    for (const auto& cohort : drawn) squares += std::pow(static_cast<double>(cohort.size()) - mean, 2);
    const double expected = n * rate * (1 - rate);
    const std::string evidence = model::JsonWriter()
                                     .begin_object()
                                     .field("sampling_rate", rate)
                                     .field("clients", static_cast<std::int64_t>(work.clients.size()))
                                     .field("rounds", static_cast<std::int64_t>(drawn.size()))
                                     .field("mean_cohort", mean)
                                     .field("cohort_variance", squares / std::max(rounds - 1, 1.0))
                                     .field("poisson_variance", expected)
                                     .end_object()
                                     .text();
    const std::string claim =
        "The accounting assumes that each client is drawn by chance with q = " + number(rate) + "; ";
    const auto trials = static_cast<std::int64_t>(drawn.size() * work.clients.size());
    if (binomial_upper(static_cast<std::int64_t>(sum), trials, rate) < by_chance) {
        add_finding(verdicts, 2, Severity::high,
                    claim + "in fact " + number(100 * sum / static_cast<double>(trials), 3) +
                        " % of them took part in a round: the amplification that is claimed did not happen.",
                    evidence);
    } else if (in_turns(drawn)) {
        add_finding(verdicts, 2, Severity::medium,
                    claim + "in fact clients took turns, each after the same number of rounds: that amplifies nothing.",
                    evidence);
    } else if (drawn.size() >= least_rounds && expected > 0 &&
               chi_square_tails(squares / expected, rounds - 1).lower < by_chance) {
        add_finding(verdicts, 2, Severity::low,
                    claim + "in fact every round had " + number(mean, 4) +
                        " clients, which is sampling without replacement: the ε of Poisson sampling does not cover it.",
                    evidence);
    } else if (drawn.size() < least_rounds) {
        verdicts.unknown(2, "Sampling with q = " + number(rate) + " is assumed; " + std::to_string(drawn.size()) +
                                " rounds are too few to tell how clients were drawn.");
    } else {
        verdicts.pass(
            2, "The sizes of the rounds' cohorts vary as Poisson sampling with q = " + number(rate) + " makes them.");
    }
}

/// P3: nobody takes part more often than its rate allows for.
void check_rates(const AuditCase& work, std::size_t rounds, double common, AuditVerdicts& verdicts)
{
    // Where the whole federation was drawn more often than that, the finding is the federation's.
    const bool all_too_often = verdicts.rule(2).outcome == RuleOutcome::fail;
    bool any = false;
    for (const AuditClient& client : work.clients) {
        double claimed = 1;
        for (const Release& release : client.releases) {
            const double counts = release.rate.value_or(1);
            claimed =
                std::min({claimed, counts, release.claim ? release.claim->sampling_rate.value_or(counts) : counts});
        }
        if (!(claimed < 1)) continue;
        any = true;
        if (all_too_often && !(claimed < common)) continue;
        const auto times = static_cast<std::int64_t>(client.releases.size());
        const double chance = binomial_upper(times, static_cast<std::int64_t>(rounds), std::max(claimed, 0.0));
        if (!(chance * static_cast<double>(work.clients.size()) < by_chance)) continue;
        const std::string text = named(client.id) + " took part in " + std::to_string(times) + " of " +
                                 std::to_string(rounds) + " rounds; its ε is accounted for with a sampling rate of " +
                                 number(claimed) + ".";
        add_finding(verdicts, 3, Severity::high, text,
                    model::JsonWriter()
                        .begin_object()
                        .field("sampling_rate", claimed)
                        .field("took_part", times)
                        .field("rounds", static_cast<std::int64_t>(rounds))
                        .field("chance", chance)
                        .end_object()
                        .text(),
                    client.id);
    }
    if (any)
        verdicts.pass(3, "No client took part more often than the rate that its ε is accounted for with.");
    else
        verdicts.pass(3, "No amplification by sampling is claimed.");
}

}  // namespace

void check_sampling(const AuditCase& work, AuditVerdicts& verdicts)
{
    if (work.unit == "example") {
        for (const int rule : {2, 3})
            verdicts.unknown(rule, "Examples are sampled at the clients, where this log does not look.");
        return;
    }
    const std::vector<std::set<ClientId>> drawn = cohorts(work);
    if (verdicts.rule(9).outcome == RuleOutcome::fail) {
        for (const int rule : {2, 3})
            verdicts.unknown(
                rule, "The sampling rates are those of examples (see the unit): they say nothing about clients.");
        return;
    }
    const double rate = common_rate(work);
    if (drawn.empty()) {
        for (const int rule : {2, 3}) verdicts.unknown(rule, "The log names nobody who took part.");
        return;
    }
    if (rate < 1)
        check_cohorts(work, drawn, rate, verdicts);
    else
        verdicts.pass(2, "No amplification by sampling is claimed.");
    check_rates(work, drawn.size(), rate, verdicts);
    const std::optional<std::string> scheme = extra_value(work.federation.extra_json, "sampling");
    if (rate < 1 && scheme && *scheme != "poisson" && verdicts.rule(2).outcome != RuleOutcome::fail)
        add_finding(
            verdicts, 2, Severity::low,
            "The accounting takes clients to be drawn independently (Poisson); the log says that sampling is '" +
                model::visible(*scheme) + "'.",
            "{}");
}

}  // namespace fedsleuth::analysis
