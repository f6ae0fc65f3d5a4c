// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/privacy/audit_spent.h"

#include "analysis/kernels/parallel.h"
#include "analysis/privacy/composition.h"
#include "model/json_writer.h"
#include "model/wording.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace fedsleuth::analysis {

using model::RoundNo;
using model::Severity;

std::string accountant_of(const AuditCase& work, SpentCache& cache)
{
    if (!work.options.accountant.empty()) return work.options.accountant;
    constexpr std::size_t most_distributions = 300;
    std::set<std::string> different;
    std::size_t distributions = 0;
    for (const AuditClient& client : work.clients) {
        if (!client.all_known() || !work.delta) continue;
        const PrivacyHistory history = client.history();
        if (is_exact(history)) continue;
        if (!different.insert(key_of(history, *work.delta, Accountant::pld)).second) continue;
        distributions += history.size();
        if (distributions > most_distributions) return "rdp";
        if (!cache.whole({history.front()}, *work.delta, Accountant::pld)) return "rdp";
    }
    return "pld";
}

namespace {

/// The releases as the asked unit sees them: a client of k examples is a group of k where examples are protected.
PrivacyHistory seen_by_unit(const AuditCase& work, const AuditClient& client, PrivacyHistory history)
{
    const bool as_group = work.options.unit && *work.options.unit == "client" && work.unit == "example";
    if (!as_group) return history;
    for (PrivacyEvent& event : history) {
        event.sampling = Sampling::none;
        event.rate = 1;
    }
    const double group = static_cast<double>(std::max<std::int64_t>(client.num_examples.value_or(1), 1));
    return group_history(history, group).value_or(PrivacyHistory{});
}

std::vector<MechanismSegment> segments_of(const AuditClient& client)
{
    std::vector<MechanismSegment> segments;
    for (const Release& release : client.releases) {
        if (!release.event) continue;
        const RoundNo round = release.update->round;
        if (!segments.empty() && segments.back().noise_multiplier == release.event->noise &&
            segments.back().sampling_rate == release.event->rate) {
            segments.back().last = round;
            segments.back().steps += static_cast<double>(release.event->count);
            continue;
        }
        segments.push_back(
            {round, round, release.event->noise, release.event->rate, static_cast<double>(release.event->count)});
    }
    return segments;
}

/// ε of all clients under one accountant. Equal histories are computed once.
std::vector<std::optional<double>> under(Accountant accountant, const std::vector<PrivacyHistory>& histories,
                                         double delta, SpentCache& cache)
{
    std::vector<std::optional<double>> answers(histories.size());
    std::vector<std::size_t> asked;
    std::vector<PrivacyHistory> open;
    for (std::size_t client_idx = 0; client_idx < histories.size(); ++client_idx) {
        if (accountant == Accountant::pld && is_exact(histories[client_idx])) {
            answers[client_idx] = cache.whole(histories[client_idx], delta, accountant);
            continue;
        }
        asked.push_back(client_idx);
        open.push_back(histories[client_idx]);
    }
    if (open.empty()) return answers;
    const auto each = epsilon_of_each(open, delta, accountant, {}, hardware_threads());
    // One history that the accountant knows nothing about spoils the batch: then one by one.
    for (std::size_t place = 0; place < asked.size(); ++place)
        answers[asked[place]] =
            each ? std::optional((*each)[place].epsilon) : cache.whole(open[place], delta, accountant);
    return answers;
}

/// The round in which the budget will be gone if the client goes on as in its last round, at its pace of taking part.
std::optional<RoundNo> forecast_of(const AuditClient& client, const PrivacyHistory& history, double delta,
                                   double budget, Accountant accountant, SpentCache& cache)
{
    if (history.empty() || history.back().count == 0 || (accountant == Accountant::pld && !is_exact(history)))
        return std::nullopt;
    const std::int64_t first = client.releases.front().update->round.value();
    const std::int64_t last = client.releases.back().update->round.value();
    const double pace = static_cast<double>(client.releases.size()) / static_cast<double>(last - first + 1);
    const auto exceeds = [&](std::int64_t more) {
        PrivacyHistory longer = history;
        longer.push_back(history.back());
        longer.back().count = history.back().count * more;
        const std::optional<double> spent = cache.whole(longer, delta, accountant);
        return spent && *spent > budget;
    };
    constexpr std::int64_t most = 1'000'000;
    std::int64_t high = 1;
    while (high < most && !exceeds(high)) high *= 2;
    if (high >= most) return std::nullopt;
    std::int64_t low = high / 2;  // does not exceed, or is 0
    while (high - low > 1) {
        const std::int64_t middle = (low + high) / 2;
        (exceeds(middle) ? high : low) = middle;
    }
    return RoundNo{last + static_cast<std::int64_t>(std::ceil(static_cast<double>(high) / pace))};
}

/// Where composing on is dear: the budget's round at the pace of the last five points.
std::optional<RoundNo> at_recent_pace(const std::vector<SpentPoint>& series, double budget)
{
    if (series.size() < 2 || !series.back().spent) return std::nullopt;
    const SpentPoint& from = series[series.size() - std::min<std::size_t>(6, series.size())];
    const double rounds = static_cast<double>(series.back().round.value() - from.round.value());
    const double pace = from.spent && rounds > 0 ? (*series.back().spent - *from.spent) / rounds : 0;
    const double ahead = std::floor((budget - *series.back().spent) / pace) + 1;
    if (!(pace > 0) || !(ahead < 1e6)) return std::nullopt;
    return RoundNo{series.back().round.value() + static_cast<std::int64_t>(ahead)};
}

/// The longest histories first: the others are often their beginnings.
void start_with_longest(const AuditCase& work, SpentCache& cache)
{
    std::vector<PrivacyHistory> histories;
    for (const AuditClient& client : work.clients)
        if (client.all_known() && work.delta) histories.push_back(seen_by_unit(work, client, client.history()));
    std::stable_sort(histories.begin(), histories.end(),
                     [](const PrivacyHistory& a, const PrivacyHistory& b) { return a.size() > b.size(); });
    for (const PrivacyHistory& history : histories) (void)cache.after_each(history, *work.delta, Accountant::pld);
}

EpsilonBand band_of(const std::optional<double>& spent, const AuditPolicy& policy)
{
    if (!spent) return EpsilonBand::unknown;
    if (*spent <= policy.strong_epsilon) return EpsilonBand::strong;
    return *spent > policy.weak_epsilon ? EpsilonBand::weak : EpsilonBand::moderate;
}

void add_claims(const AuditClient& client, const std::vector<double>& spent, ClientAudit& result)
{
    for (std::size_t place = 0; place < client.releases.size(); ++place) {
        const Release& release = client.releases[place];
        SpentPoint point{release.update->round, std::nullopt, std::nullopt};
        if (place < spent.size()) point.spent = spent[place];
        if (release.claim && release.claim->epsilon && !std::isnan(*release.claim->epsilon)) {
            ++result.rounds_with_claim;
            const double before = release.claim->cumulative ? 0 : result.epsilon_claimed.value_or(0);
            result.epsilon_claimed = before + *release.claim->epsilon;
            point.claimed = result.epsilon_claimed;
        }
        result.series.push_back(point);
    }
}

void hold_against_budget(double budget, ClientAudit& result)
{
    std::optional<double> last;
    for (const SpentPoint& point : result.series) {
        const std::optional<double>& counts = point.spent ? point.spent : point.claimed;
        if (!counts) continue;
        last = counts;
        if (*counts > budget && !result.exhausted_in) result.exhausted_in = point.round;
    }
    if (last && budget > 0) result.budget_share = *last / budget;
}

}  // namespace

std::vector<ClientAudit> spent_by_client(const AuditCase& work, const PrivacyAudit& audit,
                                         const std::vector<std::optional<double>>& shown,
                                         const std::vector<ClaimComparison>& readings, SpentCache& cache)
{
    const Accountant chosen = accountant_named(audit.accountant).value_or(Accountant::rdp);
    std::vector<ClientAudit> results;
    if (chosen == Accountant::pld) start_with_longest(work, cache);
    std::vector<std::size_t> known;
    std::vector<PrivacyHistory> histories;
    for (std::size_t client_idx = 0; client_idx < work.clients.size(); ++client_idx) {
        const AuditClient& client = work.clients[client_idx];
        ClientAudit& result = results.emplace_back();
        result.client = client.id;
        result.rounds = static_cast<std::int64_t>(client.releases.size());
        result.history = segments_of(client);
        result.declared = readings[client_idx].declared;
        result.fits = readings[client_idx].fits;
        std::vector<double> spent;
        if (client.all_known() && work.delta) {
            const PrivacyHistory history = seen_by_unit(work, client, client.history());
            if (!history.empty()) {
                spent = cache.after_each(history, *work.delta, chosen);
                known.push_back(client_idx);
                histories.push_back(history);
            }
        }
        add_claims(client, spent, result);
        if (audit.budget) hold_against_budget(*audit.budget, result);
        const std::optional<double> last = result.series.empty() ? std::nullopt : result.series.back().spent;
        result.band = band_of(last ? last : result.epsilon_claimed, work.policy);
        if (last && audit.budget && !result.exhausted_in)
            result.forecast = forecast_of(client, histories.back(), *work.delta, *audit.budget, chosen, cache);
        if (last && audit.budget && !result.exhausted_in && !result.forecast && chosen == Accountant::pld)
            result.forecast = at_recent_pace(result.series, *audit.budget);
        if (shown[client_idx] && last) {
            PrivacyHistory weaker = histories.back();
            for (PrivacyEvent& event : weaker) event.noise = std::min(event.noise, *shown[client_idx]);
            result.epsilon_measured = cache.whole(weaker, *work.delta, chosen);
        }
    }
    if (histories.empty()) return results;
    for (std::size_t accountant_idx = 0; accountant_idx < audit_accountants.size(); ++accountant_idx) {
        const Accountant accountant = *accountant_named(audit_accountants[accountant_idx]);
        const auto answers = under(accountant, histories, *work.delta, cache);
        for (std::size_t place = 0; place < known.size(); ++place)
            results[known[place]].epsilon.values[accountant_idx] = answers[place];
    }
    for (std::size_t place = 0; place < known.size(); ++place)
        results[known[place]].epsilon.gdp_is_a_limit =
            std::any_of(histories[place].begin(), histories[place].end(),
                        [](const PrivacyEvent& event) { return event.sampling == Sampling::poisson; });
    return results;
}

namespace {

struct OverLimit {
    const char* kind;
    double limit;
    std::string what;  ///< "the budget of "
};

/// What counts for a client: recomputed where it could be, else claimed.
const std::optional<double>& counting(const SpentPoint& point) { return point.spent ? point.spent : point.claimed; }

/// The first round after which the limit is passed.
std::optional<RoundNo> passed_in(const ClientAudit& client, double limit)
{
    for (const SpentPoint& point : client.series)
        if (counting(point) && *counting(point) > limit) return point.round;
    return std::nullopt;
}

void add_over(const PrivacyAudit& audit, const ClientAudit& client, const OverLimit& over, RoundNo round,
              AuditVerdicts& verdicts)
{
    const bool by_claim = !client.series.back().spent;
    const double spent = *counting(client.series.back());
    std::string text =
        named(client.client) + (by_claim ? " claims to have spent ε = " : " has spent ε = ") + number(spent, 4) +
        (by_claim ? "" : " (" + model::accountant_words(audit.accountant) + ", δ = " + number(*audit.delta) + ")") +
        " by its last round; " + over.what + number(over.limit, 4) + " was passed in round " +
        std::to_string(round.value()) + ".";
    model::Finding& finding = verdicts.find(over.kind, Severity::high, std::move(text));
    finding.client = client.client;
    finding.round = round;
    finding.evidence_json = model::JsonWriter()
                                .begin_object()
                                .field(by_claim ? "epsilon_claimed" : "epsilon", spent)
                                .field("limit", over.limit)
                                .field("accountant", by_claim ? std::string("claim") : audit.accountant)
                                .end_object()
                                .text();
}

}  // namespace

void check_budget(const AuditCase& work, const PrivacyAudit& audit, AuditVerdicts& verdicts)
{
    if (!audit.budget) {
        verdicts.unknown(17, "No budget is declared, and the case's policy sets no maximum.");
        return;
    }
    std::vector<OverLimit> limits;
    if (const auto budget = work.declared(&model::PrivacyMechanism::epsilon_budget))
        limits.push_back({"privacy-over-budget", *budget, "the budget of "});
    if (work.policy.max_epsilon)
        limits.push_back({"privacy-policy-exceeded", *work.policy.max_epsilon, "the case's own limit of "});
    for (const OverLimit& over : limits) {
        std::vector<std::pair<const ClientAudit*, RoundNo>> who;
        std::vector<model::ClientId> names;
        for (const ClientAudit& client : audit.clients)
            if (const auto round = passed_in(client, over.limit)) {
                who.emplace_back(&client, *round);
                names.push_back(client.client);
            }
        if (who.empty()) continue;
        const RoundNo first = std::min_element(who.begin(), who.end(), [](const auto& a, const auto& b) {
                                  return a.second < b.second;
                              })->second;
        verdicts.fail(17,
                      std::to_string(who.size()) + " of " + std::to_string(audit.clients.size()) + " clients passed " +
                          over.what + number(over.limit, 4) + ", the first in round " + std::to_string(first.value()) +
                          ": " + named(names) + ".",
                      names);
        for (const auto& [client, round] : who) add_over(audit, *client, over, round, verdicts);
    }
    verdicts.pass(17, "No client has spent more than " + number(*audit.budget, 4) + ".");
}

}  // namespace fedsleuth::analysis
