// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/privacy/normal.h"

#include <cmath>
#include <limits>
#include <numbers>

namespace fedsleuth::analysis {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
const double half_log_two_pi = 0.5 * std::log(2.0 * std::numbers::pi);
constexpr double far = 25.0;  ///< from here on the asymptotic series is good to the last digit

/// 1/x − 1/x³ + 3/x⁵ − …, for x ≥ far: the terms fall until far beyond double precision.
double mills_far(double x)
{
    const double inverse = 1.0 / (x * x);
    double term = 1.0;
    double sum = 1.0;
    for (int k = 1; k < 20; ++k) {
        term *= -(2.0 * k - 1.0) * inverse;
        sum += term;
        if (std::abs(term) < 1e-17) break;
    }
    return sum / x;
}

}  // namespace

double log_gamma(double x)
{
    int sign = 0;
    return lgamma_r(x, &sign);
}

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }
double normal_tail(double x) { return 0.5 * std::erfc(x / std::numbers::sqrt2); }
double log_normal_density(double x) { return -0.5 * x * x - half_log_two_pi; }

double mills_ratio(double x)
{
    if (x >= far) return mills_far(x);
    return normal_tail(x) * std::exp(0.5 * x * x + half_log_two_pi);
}

double log_normal_tail(double x)
{
    if (x >= far) return std::log(mills_far(x)) + log_normal_density(x);
    if (x < -5.0) return std::log1p(-normal_tail(-x));
    return std::log(normal_tail(x));
}

double normal_tail_quantile(double p)
{
    if (!(p > 0.0)) return infinity;
    if (p >= 1.0) return -infinity;
    if (p > 0.5) return -normal_tail_quantile(1.0 - p);
    // Newton on ln P[N > x], which is concave: from below it converges without overshooting far.
    const double goal = std::log(p);
    double x = goal > -1.0 ? 0.0 : std::sqrt(-2.0 * goal) - 1.0;
    for (int step = 0; step < 60; ++step) {
        const double change = (log_normal_tail(x) - goal) * mills_ratio(x);
        x += change;
        if (std::abs(change) <= 1e-16 * std::abs(x)) break;
    }
    return x;
}

}  // namespace fedsleuth::analysis
