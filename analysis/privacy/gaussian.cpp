// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/privacy/gaussian.h"

#include "analysis/privacy/normal.h"
#include "analysis/privacy/solve.h"

#include <algorithm>
#include <cmath>

namespace fedsleuth::analysis {

namespace {

/// Φ(−x) − e^ε Φ(−y) where e^ε density(y) = density(x): the exponential cancels against the densities.
double tail_difference(double x, double y, double epsilon)
{
    if (x > -20.0) return std::exp(log_normal_density(x)) * (mills_ratio(x) - mills_ratio(y));
    return normal_tail(x) - std::exp(epsilon + log_normal_tail(y));
}

}  // namespace

double gdp_delta(double mu, double epsilon)
{
    if (!(mu > 0.0)) return std::max(0.0, -std::expm1(epsilon));
    if (std::isinf(mu)) return 1.0;
    const double x = epsilon / mu - mu / 2.0;
    return std::clamp(tail_difference(x, x + mu, epsilon), 0.0, 1.0);
}

double gdp_epsilon(double mu, double delta)
{
    if (!(mu > 0.0) || delta >= 1.0) return 0.0;
    if (!(delta > 0.0) || std::isinf(mu)) return HUGE_VAL;
    const auto low_enough = [&](double epsilon) { return gdp_delta(mu, epsilon) <= delta; };
    if (low_enough(0.0)) return 0.0;
    // δ(ε) ≤ Φ(−ε/μ + μ/2) gives an upper end at once.
    const double high = mu * (mu / 2.0 + std::max(0.0, normal_tail_quantile(delta)));
    return first_reached(0.0, std::max(high, mu * 1e-3), low_enough);
}

double clt_mu(const PrivacyEvent& event)
{
    return event.rate * std::sqrt(static_cast<double>(event.count) * std::expm1(1.0 / (event.noise * event.noise)));
}

double remove_delta(double sigma, double q, double epsilon)
{
    // P − e^ε Q = q (N₁ − e^r N₀) with e^r = (e^ε − 1 + q) / q: a Gaussian's hockey stick at another place.
    const double above = std::expm1(epsilon) + q;
    if (!(above > 0.0)) return -std::expm1(epsilon);
    const double log_ratio = epsilon > 700.0 ? epsilon - std::log(q) : std::log(above / q);
    return q * gdp_delta(1.0 / sigma, log_ratio);
}

double add_delta(double sigma, double q, double epsilon)
{
    // Q − e^ε P = q e^{ε + r} (N₀ − e^{−r} N₁) with e^r = (e^{−ε} − 1 + q) / q.
    const double room = std::expm1(-epsilon) + q;
    if (!(room > 0.0)) return 0.0;
    const double log_ratio = epsilon < -700.0 ? -epsilon - std::log(q) : std::log(room / q);
    return q * std::exp(epsilon + log_ratio) * gdp_delta(1.0 / sigma, -log_ratio);
}

double sampled_gaussian_epsilon(double sigma, double q, double delta)
{
    if (q == 1.0) return sigma == 0.0 ? (delta >= 1.0 ? 0.0 : HUGE_VAL) : gdp_epsilon(1.0 / sigma, delta);
    if (delta >= q) return 0.0;  // with probability 1 − q nothing was taken from the record at all
    if (sigma == 0.0 || !(delta > 0.0)) return HUGE_VAL;
    // For one use and ε ≥ 0 the remove direction is never below the other.
    const auto low_enough = [&](double epsilon) { return remove_delta(sigma, q, epsilon) <= delta; };
    if (low_enough(0.0)) return 0.0;
    return first_reached(0.0, gdp_epsilon(1.0 / sigma, delta), low_enough);
}

}  // namespace fedsleuth::analysis
