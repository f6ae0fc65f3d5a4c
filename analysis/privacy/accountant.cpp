// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/privacy/accountant.h"

#include "analysis/kernels/parallel.h"
#include "analysis/privacy/composition.h"
#include "analysis/privacy/gaussian.h"
#include "analysis/privacy/pld.h"
#include "analysis/privacy/prv.h"
#include "analysis/privacy/rdp.h"
#include "analysis/privacy/solve.h"
#include "model/text.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace fedsleuth::analysis {

namespace {

using model::ErrorCode;
using model::fail;

constexpr std::array<std::string_view, 8> names{"rdp", "pld", "prv", "gdp", "zcdp", "basic", "advanced", "optimal"};

model::Result<void> check(std::span<const PrivacyEvent> history, double delta, const AccountOptions& options)
{
    if (!(delta >= 0.0 && delta < 1.0))
        return fail(ErrorCode::invalid_argument, "a δ of " + std::to_string(delta) + " is not from 0 to below 1");
    for (const double order : options.own_orders)
        if (!(order > 1.0) || !(order <= 1e5))
            return fail(ErrorCode::invalid_argument,
                        "an RDP order of " + std::to_string(order) + " is not above 1 and at most 100,000");
    if (!(options.interval >= 0.0) || (options.interval > 0.0 && options.interval < 1e-7) || options.interval > 1.0)
        return fail(ErrorCode::invalid_argument,
                    "a discretisation of " + std::to_string(options.interval) + " is not between 1e-7 and 1");
    return check_history(history);
}

bool hides_nothing(const PrivacyHistory& history)
{
    return std::any_of(history.begin(), history.end(), [](const PrivacyEvent& event) {
        return event.noise == 0.0 && (event.mechanism == Mechanism::gaussian || event.mechanism == Mechanism::laplace);
    });
}

std::vector<double> orders_of(const AccountOptions& options)
{
    return options.own_orders.empty() ? rdp_orders(options.orders) : options.own_orders;
}

Spent of_rdp(std::span<const double> orders, std::span<const double> rdp, double delta)
{
    const RdpBound bound = rdp_epsilon(orders, rdp, delta);
    Spent spent;
    spent.epsilon = bound.value;
    if (std::isfinite(bound.value)) spent.order = bound.order;
    return spent;
}

struct Mu {
    double value = 0;
    bool central_limit = false;
};

model::Result<Mu> mu_of(const PrivacyHistory& history, bool central_limit)
{
    double squares = 0.0;
    Mu mu;
    for (const PrivacyEvent& event : history) {
        if (event.mechanism != Mechanism::gaussian || event.sampling == Sampling::without_replacement)
            return fail(ErrorCode::not_applicable, "Gaussian DP has no answer for: " + described(event), {},
                        "use rdp or pld");
        const bool limit = central_limit || event.sampling == Sampling::poisson;
        mu.central_limit = mu.central_limit || limit;
        squares += limit ? std::pow(clt_mu(event), 2) : static_cast<double>(event.count) / (event.noise * event.noise);
    }
    mu.value = std::sqrt(squares);
    return mu;
}

model::Result<Spent> of_gdp(const PrivacyHistory& history, double delta, const AccountOptions& options)
{
    FEDSLEUTH_TRY(const Mu mu, mu_of(history, options.central_limit));
    Spent spent;
    spent.mu = mu.value;
    spent.epsilon = gdp_epsilon(mu.value, delta);
    spent.under_reports = mu.central_limit;
    if (mu.central_limit)
        spent.note = "The central limit of Gaussian DP is an approximation that under-reports ε: no guarantee.";
    return spent;
}

model::Result<double> optimal_of(const PrivacyHistory& history, double delta)
{
    const bool one = history.size() == 1;
    const PrivacyEvent& event = history.front();
    const bool pure = event.mechanism == Mechanism::laplace || event.mechanism == Mechanism::approximate;
    if (!one || !pure || event.count > 10'000'000)
        return fail(ErrorCode::not_applicable,
                    "optimal composition is for one (ε, δ) mechanism repeated, at most ten million times", {},
                    "use pld");
    return optimal_epsilon(epsilon_once(event, event.delta), event.delta, event.count, delta);
}

/// `history` is compacted, hides something, and is not empty.
model::Result<Spent> spent_of(const PrivacyHistory& history, double delta, Accountant accountant,
                              const AccountOptions& options, LossGrids& grids)
{
    Spent spent;
    switch (accountant) {
        case Accountant::rdp: {
            const std::vector<double> orders = orders_of(options);
            return of_rdp(orders, rdp_total(history, orders), delta);
        }
        case Accountant::gdp:
            return of_gdp(history, delta, options);
        case Accountant::zcdp:
            spent.epsilon = zcdp_epsilon(zcdp_rho(history), delta);
            return spent;
        case Accountant::basic:
            spent.epsilon = basic_epsilon(history, delta);
            return spent;
        case Accountant::advanced:
            spent.epsilon = advanced_epsilon(history, delta);
            return spent;
        case Accountant::optimal: {
            FEDSLEUTH_TRY(spent.epsilon, optimal_of(history, delta));
            return spent;
        }
        case Accountant::pld:
            return pld_epsilon(history, delta, options, grids);
        case Accountant::prv:
            return prv_epsilon(history, delta, options);
    }
    return fail(ErrorCode::internal, "no such accountant");
}

Spent without_bound()
{
    Spent spent;
    spent.epsilon = HUGE_VAL;
    spent.note = "Without noise nothing bounds ε.";
    return spent;
}

model::Result<Spent> spent_of_any(const PrivacyHistory& history, double delta, Accountant accountant,
                                  const AccountOptions& options, LossGrids& grids)
{
    if (history.empty()) return Spent{};
    if (hides_nothing(history)) return without_bound();
    return spent_of(history, delta, accountant, options, grids);
}

/// Total RDP of each history, every distinct event computed once.
std::vector<Spent> rdp_of_each(std::span<const PrivacyHistory> histories, double delta, const AccountOptions& options,
                               unsigned threads)
{
    const std::vector<double> orders = orders_of(options);
    PrivacyHistory all;
    for (const PrivacyHistory& history : histories) all.insert(all.end(), history.begin(), history.end());
    for (PrivacyEvent& event : all) event.count = 1;
    const PrivacyHistory distinct = compacted(all);
    std::vector<std::vector<double>> once(distinct.size());
    parallel_for(distinct.size(), threads, [&](std::size_t idx) { once[idx] = rdp_once(distinct[idx], orders); });
    std::vector<Spent> each(histories.size());
    for (std::size_t at = 0; at < histories.size(); ++at) {
        if (histories[at].empty()) continue;
        std::vector<double> total(orders.size(), 0.0);
        // Both lists are in compacted()'s order: one walk finds each event.
        std::size_t idx = 0;
        for (PrivacyEvent event : histories[at]) {
            const auto count = static_cast<double>(event.count);
            event.count = distinct[idx].count;
            while (!(event == distinct[idx])) event.count = distinct[++idx].count;
            for (std::size_t k = 0; k < orders.size(); ++k) total[k] += count * once[idx][k];
        }
        each[at] = hides_nothing(histories[at]) ? without_bound() : of_rdp(orders, total, delta);
    }
    return each;
}

}  // namespace

std::string_view accountant_name(Accountant accountant) { return names[static_cast<std::size_t>(accountant)]; }

std::optional<Accountant> accountant_named(std::string_view name)
{
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return std::nullopt;
    return static_cast<Accountant>(found - names.begin());
}

model::Result<Spent> epsilon_of(std::span<const PrivacyEvent> history, double delta, Accountant accountant,
                                const AccountOptions& options)
{
    FEDSLEUTH_CHECK(check(history, delta, options));
    LossGrids grids;
    return spent_of_any(compacted(history), delta, accountant, options, grids);
}

model::Result<std::vector<Spent>> epsilon_of_each(std::span<const PrivacyHistory> histories, double delta,
                                                  Accountant accountant, const AccountOptions& options,
                                                  unsigned threads)
{
    std::vector<PrivacyHistory> compact;
    for (const PrivacyHistory& history : histories) {
        FEDSLEUTH_CHECK(check(history, delta, options));
        compact.push_back(compacted(history));
    }
    if (accountant == Accountant::rdp) return rdp_of_each(compact, delta, options, threads);
    std::vector<std::size_t> same_as(compact.size());
    std::vector<std::size_t> distinct;
    for (std::size_t at = 0; at < compact.size(); ++at) {
        const auto known = std::find_if(distinct.begin(), distinct.end(),
                                        [&](std::size_t other) { return compact[other] == compact[at]; });
        same_as[at] = known == distinct.end() ? at : *known;
        if (known == distinct.end()) distinct.push_back(at);
    }
    LossGrids grids;
    std::vector<model::Result<Spent>> answers(compact.size());
    parallel_for(distinct.size(), threads, [&](std::size_t idx) {
        const std::size_t at = distinct[idx];
        answers[at] = spent_of_any(compact[at], delta, accountant, options, grids);
    });
    std::vector<Spent> each;
    for (std::size_t at = 0; at < compact.size(); ++at) {
        FEDSLEUTH_CHECK(answers[same_as[at]]);
        each.push_back(*answers[same_as[at]]);
    }
    return each;
}

model::Result<std::vector<double>> epsilon_after_each(std::span<const PrivacyEvent> history, double delta,
                                                      Accountant accountant, const AccountOptions& options)
{
    FEDSLEUTH_CHECK(check(history, delta, options));
    // Each round as one of few distinct events.
    PrivacyHistory distinct;
    std::vector<SpendingRound> rounds;
    std::size_t bare = history.size();  // the first round that hides nothing
    for (const PrivacyEvent& event : history) {
        const PrivacyHistory lowered = compacted({&event, 1});
        if (lowered.empty()) {
            rounds.push_back({});
            continue;
        }
        if (hides_nothing(lowered)) bare = std::min(bare, rounds.size());
        PrivacyEvent once = lowered.front();
        once.count = 1;
        const auto known = std::find(distinct.begin(), distinct.end(), once);
        rounds.push_back({static_cast<std::size_t>(known - distinct.begin()), lowered.front().count});
        if (known == distinct.end()) distinct.push_back(once);
    }
    std::vector<double> after(rounds.size(), 0.0);
    if (distinct.empty()) return after;
    if (accountant == Accountant::rdp) {
        const std::vector<double> orders = orders_of(options);
        std::vector<std::vector<double>> once;
        for (const PrivacyEvent& event : distinct) once.push_back(rdp_once(event, orders));
        std::vector<double> total(orders.size(), 0.0);
        for (std::size_t at = 0; at < rounds.size(); ++at) {
            for (std::size_t k = 0; k < orders.size() && rounds[at].count > 0; ++k)
                total[k] += static_cast<double>(rounds[at].count) * once[rounds[at].event][k];
            after[at] = rdp_epsilon(orders, total, delta).value;
        }
        return after;
    }
    if (accountant == Accountant::pld && delta > 0.0 && bare == history.size())
        return pld_after_each(distinct, rounds, delta, options);
    LossGrids grids;
    PrivacyHistory so_far = distinct;
    for (PrivacyEvent& event : so_far) event.count = 0;
    for (std::size_t at = 0; at < rounds.size(); ++at) {
        so_far[rounds[at].event].count += rounds[at].count;
        FEDSLEUTH_TRY(const Spent spent, spent_of_any(compacted(so_far), delta, accountant, options, grids));
        after[at] = spent.epsilon;
    }
    return after;
}

model::Result<double> delta_of(std::span<const PrivacyEvent> any, double epsilon, Accountant accountant,
                               const AccountOptions& options)
{
    if (!(epsilon >= 0.0))
        return fail(ErrorCode::invalid_argument, "an ε of " + std::to_string(epsilon) + " is negative");
    FEDSLEUTH_CHECK(check(any, 0.5, options));
    const PrivacyHistory history = compacted(any);
    if (history.empty()) return 0.0;
    if (hides_nothing(history)) return 1.0;
    if (accountant == Accountant::rdp) {
        const std::vector<double> orders = orders_of(options);
        return rdp_delta(orders, rdp_total(history, orders), epsilon).value;
    }
    if (accountant == Accountant::gdp) {
        FEDSLEUTH_TRY(const Mu mu, mu_of(history, options.central_limit));
        return gdp_delta(mu.value, epsilon);
    }
    LossGrids grids;
    if (accountant == Accountant::pld) return pld_delta(history, epsilon, options, grids);
    // The others answer with ε; ln δ is looked for between 1e-300 and 1.
    FEDSLEUTH_CHECK(spent_of(history, 0.5, accountant, options, grids));
    const auto within = [&](double negative_log) {
        const auto spent = spent_of(history, std::exp(-negative_log), accountant, options, grids);
        return !spent || spent->epsilon > epsilon;
    };
    if (!within(690.0)) return 0.0;
    return std::exp(-first_reached(0.0, 690.0, within, 1e-12));
}

}  // namespace fedsleuth::analysis
