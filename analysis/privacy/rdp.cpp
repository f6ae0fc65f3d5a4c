// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/privacy/rdp.h"

#include "analysis/privacy/sampled_rdp.h"

#include <algorithm>
#include <cmath>

namespace fedsleuth::analysis {

namespace {

bool is_integer(double order) { return order == std::floor(order) && order < 1e6; }

/// Mironov 2017, Table II, arranged so that neither exponential overflows.
double laplace_rdp(double epsilon, double order)
{
    const double share = std::expm1((1.0 - 2.0 * order) * epsilon) / (2.0 * order - 1.0);
    return epsilon + std::log1p((order - 1.0) * share) / (order - 1.0);
}

double unsampled_rdp(const PrivacyEvent& event, double order)
{
    switch (event.mechanism) {
        case Mechanism::gaussian:
            return 0.5 * order / (event.noise * event.noise);
        case Mechanism::laplace:
            return laplace_rdp(1.0 / event.noise, order);
        case Mechanism::zcdp:
            return event.noise * order;
        case Mechanism::approximate:
            // Pure ε: the randomised response of that ε is the worst case.
            if (event.delta > 0.0) return HUGE_VAL;
            return std::min(event.noise, 0.5 * event.noise * event.noise * order);
        case Mechanism::tree:
            break;  // compacted() has made a Gaussian of it
    }
    return HUGE_VAL;
}

std::vector<double> poisson_rdp(const PrivacyEvent& event, std::span<const double> orders)
{
    std::vector<double> between;
    std::vector<double> rdp(orders.size(), HUGE_VAL);
    const auto cumulant = [&](int i) { return (i - 1.0) * unsampled_rdp(event, i); };
    for (std::size_t k = 0; k < orders.size(); ++k) {
        if (is_integer(orders[k]))
            rdp[k] = poisson_cumulant(event.rate, static_cast<int>(orders[k]), cumulant) / (orders[k] - 1.0);
        else
            between.push_back(orders[k]);
    }
    if (event.mechanism != Mechanism::gaussian) return rdp;
    const std::vector<double> cumulants = sampled_gaussian_cumulants(event.rate, event.noise, between);
    for (std::size_t k = 0, at = 0; k < orders.size(); ++k)
        if (!is_integer(orders[k])) rdp[k] = cumulants[at++] / (orders[k] - 1.0);
    return rdp;
}

std::vector<double> without_replacement_rdp(const PrivacyEvent& event, std::span<const double> orders)
{
    std::vector<int> whole;
    for (const double order : orders)
        for (const double end : {std::floor(order), std::ceil(order)})
            if (end < 1e6) whole.push_back(static_cast<int>(end));
    std::sort(whole.begin(), whole.end());
    whole.erase(std::unique(whole.begin(), whole.end()), whole.end());
    std::vector<double> cumulants;
    if (event.mechanism == Mechanism::gaussian) {
        cumulants = without_replacement_gaussian_cumulants(event.rate, event.noise, whole);
    } else {
        for (const int order : whole)
            cumulants.push_back(without_replacement_cumulant(
                event.rate, order, [&](int i) { return unsampled_rdp(event, i); }, 1.0 / event.noise));
    }
    const auto at = [&](double order) {
        if (order >= 1e6) return HUGE_VAL;
        const auto found = std::lower_bound(whole.begin(), whole.end(), static_cast<int>(order));
        return cumulants[static_cast<std::size_t>(found - whole.begin())];
    };
    std::vector<double> rdp;
    for (const double order : orders) {
        const double share = order - std::floor(order);
        const double cumulant =
            share == 0.0 ? at(order) : (1.0 - share) * at(std::floor(order)) + share * at(std::ceil(order));
        // Sampling never makes it worse than the mechanism on everybody.
        rdp.push_back(std::min(cumulant / (order - 1.0), unsampled_rdp(event, order)));
    }
    return rdp;
}

}  // namespace

std::vector<double> rdp_orders(OrderGrid grid)
{
    std::vector<double> orders;
    for (int tenth = 1; tenth < 100; ++tenth) orders.push_back(1.0 + tenth / 10.0);
    for (int order = grid == OrderGrid::opacus ? 12 : 11; order <= 63; ++order) orders.push_back(order);
    if (grid == OrderGrid::standard)
        for (int order = 128; order <= 1024; order *= 2) orders.push_back(order);
    return orders;
}

std::vector<double> rdp_once(const PrivacyEvent& any, std::span<const double> orders)
{
    PrivacyEvent once = any;
    once.count = 1;
    const PrivacyHistory lowered = compacted({&once, 1});
    if (lowered.empty()) return std::vector<double>(orders.size(), 0.0);
    const PrivacyEvent& event = lowered.front();
    if (event.noise == 0.0 && (event.mechanism == Mechanism::gaussian || event.mechanism == Mechanism::laplace))
        return std::vector<double>(orders.size(), HUGE_VAL);
    if (event.sampling == Sampling::poisson) return poisson_rdp(event, orders);
    if (event.sampling == Sampling::without_replacement && event.rate < 1.0)
        return without_replacement_rdp(event, orders);
    std::vector<double> rdp;
    for (const double order : orders) rdp.push_back(unsampled_rdp(event, order));
    return rdp;
}

std::vector<double> rdp_total(std::span<const PrivacyEvent> history, std::span<const double> orders)
{
    std::vector<double> total(orders.size(), 0.0);
    for (const PrivacyEvent& event : compacted(history)) {
        const std::vector<double> once = rdp_once(event, orders);
        for (std::size_t k = 0; k < orders.size(); ++k) total[k] += static_cast<double>(event.count) * once[k];
    }
    return total;
}

RdpBound rdp_epsilon(std::span<const double> orders, std::span<const double> rdp, double delta)
{
    RdpBound best{HUGE_VAL, 0.0};
    for (std::size_t k = 0; k < orders.size(); ++k) {
        const double order = orders[k];
        double epsilon = HUGE_VAL;
        // δ = 0 hides only what was never there.
        if (rdp[k] == 0.0 || delta * delta + std::expm1(-rdp[k]) > 0.0)
            epsilon = 0.0;
        else if (order > 1.01 && delta > 0.0)
            epsilon = rdp[k] + std::log1p(-1.0 / order) - std::log(delta * order) / (order - 1.0);
        if (epsilon < best.value) best = {epsilon, order};
    }
    best.value = std::max(0.0, best.value);
    return best;
}

RdpBound rdp_delta(std::span<const double> orders, std::span<const double> rdp, double epsilon)
{
    RdpBound best{1.0, 0.0};
    for (std::size_t k = 0; k < orders.size(); ++k) {
        const double order = orders[k];
        // KL divergence bounds the total variation, which bounds δ at every ε (Bretagnolle and Huber).
        double delta = std::sqrt(-std::expm1(-rdp[k]));
        if (order > 1.01) {
            const double log_delta = (order - 1.0) * (rdp[k] - epsilon + std::log1p(-1.0 / order)) - std::log(order);
            delta = std::min(delta, std::exp(std::min(0.0, log_delta)));
        }
        if (delta < best.value) best = {delta, order};
    }
    return best;
}

}  // namespace fedsleuth::analysis
