// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/privacy/noise_tests.h"

#include "analysis/privacy/normal.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace fedsleuth::analysis {

namespace {

constexpr double tiny = 1e-300;

/// ln Γ(a+1) − (a ln a − a + ½ ln 2πa): what Stirling's formula leaves (Loader, Fast and accurate computation of
/// binomial probabilities, 2000).
double stirling_rest(double a)
{
    if (a < 15) return log_gamma(a + 1) - (a * std::log(a) - a + 0.5 * std::log(2 * std::numbers::pi * a));
    const double square = a * a;
    return (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - (1.0 / 1680) / square) / square) / square) / a;
}

/// a ln(a/x) + x − a, without cancellation where x is near a.
double deviance(double a, double x)
{
    const double difference = a - x;
    if (std::abs(difference) >= 0.1 * (a + x)) return a * std::log(a / x) + x - a;
    const double ratio = difference / (a + x);
    double sum = difference * ratio;
    double term = 2 * a * ratio;
    for (int power = 1; power < 1000; ++power) {
        term *= ratio * ratio;
        const double next = sum + term / (2 * power + 1);
        if (next == sum) break;
        sum = next;
    }
    return sum;
}

/// x^a e^(−x) / Γ(a+1), for a > 0, x > 0.
double gamma_term(double a, double x)
{
    return std::exp(-stirling_rest(a) - deviance(a, x)) / std::sqrt(2 * std::numbers::pi * a);
}

/// P(a, x) and Q(a, x), the regularised incomplete gamma functions.
Tails gamma_tails(double a, double x)
{
    if (!(x > 0)) return {0, 1};
    if (std::isinf(x)) return {1, 0};
    const double front = gamma_term(a, x);
    constexpr int most = 50'000'000;
    if (x < a + 1) {
        double sum = 1, term = 1;
        for (int step = 1; step < most; ++step) {
            term *= x / (a + step);
            sum += term;
            if (term < sum * 1e-17) break;
        }
        const double lower = front * sum;
        return {std::min(lower, 1.0), std::max(1 - lower, 0.0)};
    }
    // Lentz's continued fraction of Q; front is x^a e^(−x)/Γ(a+1), and the fraction wants /Γ(a): times a.
    double b = x + 1 - a, c = 1 / tiny, d = 1 / b, fraction = d;
    for (int step = 1; step < most; ++step) {
        const double factor = -step * (step - a);
        b += 2;
        d = factor * d + b;
        if (std::abs(d) < tiny) d = tiny;
        c = b + factor / c;
        if (std::abs(c) < tiny) c = tiny;
        d = 1 / d;
        const double change = d * c;
        fraction *= change;
        if (std::abs(change - 1) < 1e-16) break;
    }
    const double upper = front * a * fraction;
    return {std::max(1 - upper, 0.0), std::min(upper, 1.0)};
}

/// The x at which the chosen tail is p. Tails(x) has to be monotone; works on ln p so that far tails are met too.
template <class Function>
double tail_quantile(const Function& tails, double p, bool upper, double guess, double spread)
{
    const double wanted = std::log(p);
    const auto above = [&](double x) {  // how far the wanted point lies to the right of x: positive there
        const Tails at = tails(x);
        const double tail = std::log(std::max(upper ? at.upper : at.lower, tiny));
        return upper ? tail - wanted : wanted - tail;
    };
    if (!(std::abs(guess) < 1e100) || !(spread < 1e100)) return upper ? HUGE_VAL : 0;  // no bound at all
    double low = guess, high = guess;
    for (double step = spread; low > tiny && above(low) < 0; step *= 2) low = low > step ? low - step : low / 8;
    for (double step = spread; above(high) > 0; step *= 2) high += step;
    // Regula falsi (Illinois), each end kept on its side.
    double at_low = above(low), at_high = above(high);
    for (int step = 0; step < 200 && high - low > 1e-12 * high; ++step) {
        double middle = (low * at_high - high * at_low) / (at_high - at_low);
        if (!(middle > low && middle < high) || step % 4 == 3) middle = (low + high) / 2;
        const double here = above(middle);
        if (here == 0) return middle;
        if (here > 0) {
            low = middle;
            at_low = here;
        } else {
            high = middle;
            at_high = here;
        }
    }
    return (low + high) / 2;
}

}  // namespace

Tails chi_square_tails(double x, double degrees) { return gamma_tails(degrees / 2, x / 2); }

double chi_square_quantile(double p, double degrees, bool upper)
{
    return tail_quantile([&](double x) { return chi_square_tails(x, degrees); }, p, upper, degrees,
                         std::sqrt(2 * degrees) + 1);
}

namespace {

/// Sankaran, On the non-central χ² distribution, Biometrika 1959.
Tails sankaran_tails(double x, double degrees, double noncentrality)
{
    const double first = degrees + noncentrality;
    const double second = degrees + 2 * noncentrality;
    const double third = degrees + 3 * noncentrality;
    const double h = 1 - 2 * first * third / (3 * second * second);
    const double p = second / (first * first);
    const double m = (h - 1) * (1 - 3 * h);
    const double z = (std::pow(x / first, h) - (1 + h * p * (h - 1 - 0.5 * (2 - h) * m * p))) /
                     (h * std::sqrt(2 * p) * (1 + 0.5 * m * p));
    return {normal_cdf(z), normal_tail(z)};
}

}  // namespace

Tails noncentral_tails(double x, double degrees, double noncentrality)
{
    if (!(noncentrality > 0)) return chi_square_tails(x, degrees);
    if (!(x > 0)) return {0, 1};
    if (noncentrality > 1e7) return sankaran_tails(x, degrees, noncentrality);
    const double mean = noncentrality / 2;
    const double reach = 12 * std::sqrt(mean) + 60;
    const auto first = static_cast<std::int64_t>(std::max(std::floor(mean - reach), 0.0));
    const auto last = static_cast<std::int64_t>(std::ceil(mean + reach));
    const auto weight = [&](std::int64_t j) {
        return j == 0 ? std::exp(-mean) : gamma_term(static_cast<double>(j), mean);
    };
    const double a = degrees / 2, half = x / 2;
    // P(a, x) falls with a and Q(a, x) grows: each is summed in the direction in which only positive terms are added.
    Tails sum{0, 0};
    double upper = gamma_tails(a + static_cast<double>(first), half).upper;
    for (std::int64_t j = first; j <= last; ++j) {
        sum.upper += weight(j) * upper;
        upper += gamma_term(a + static_cast<double>(j), half);
    }
    double lower = gamma_tails(a + static_cast<double>(last), half).lower;
    for (std::int64_t j = last; j >= first; --j) {
        sum.lower += weight(j) * lower;
        if (j > first) lower += gamma_term(a + static_cast<double>(j - 1), half);
    }
    return {std::min(sum.lower, 1.0), std::min(sum.upper, 1.0)};
}

double noncentral_quantile(double p, double degrees, double noncentrality, bool upper)
{
    const double deviation = std::sqrt(2 * (degrees + 2 * noncentrality)) + 1;
    const double guess = degrees + noncentrality + (upper ? 1 : -1) * normal_tail_quantile(p) * deviation;
    return tail_quantile([&](double x) { return noncentral_tails(x, degrees, noncentrality); }, p, upper,
                         std::max(guess, degrees + noncentrality - deviation), deviation / 8);
}

double binomial_upper(std::int64_t successes, std::int64_t trials, double rate)
{
    if (successes <= 0) return 1;
    if (successes > trials || !(rate > 0)) return 0;
    if (rate >= 1) return 1;
    const double n = static_cast<double>(trials), mean = n * rate;
    const double deviation = std::sqrt(mean * (1 - rate));
    if (static_cast<double>(successes) < mean - 40 * deviation) return 1;  // the rest is below 1e-300
    double sum = 0;
    for (std::int64_t k = successes; k <= trials; ++k) {
        const double hits = static_cast<double>(k);
        const double term = std::exp(log_gamma(n + 1) - log_gamma(hits + 1) - log_gamma(n - hits + 1) +
                                     hits * std::log(rate) + (n - hits) * std::log1p(-rate));
        sum += term;
        if (hits > mean && term < 1e-18 * sum) break;
    }
    return std::min(sum, 1.0);
}

double noise_floor(double coordinates, double alpha, NoiseKind kind)
{
    if (kind == NoiseKind::gaussian) return chi_square_quantile(alpha, coordinates);
    // Laplace, b = 1: E n² = 2, Var n² = 24 − 4 = 20. Gamma(shape d/5, scale 10) = 5 χ² with 2d/5 degrees.
    return 5 * chi_square_quantile(alpha, 0.4 * coordinates);
}

double clip_ceiling(double coordinates, double signal, double alpha, NoiseKind kind)
{
    if (kind == NoiseKind::gaussian) return noncentral_quantile(alpha, coordinates, signal, true);
    const double mean = 2 * coordinates + signal;
    const double variance = 20 * coordinates + 8 * signal;  // Var n² = 20, 4 g² Var n = 8 g²
    const double third = 592 * coordinates + 240 * signal;  // E(n² − 2)³ = 592, 3·4g²·E[(n² − 2) n²] = 12·20 g²
    const double z = normal_tail_quantile(alpha);
    return mean + std::sqrt(variance) * (z + third / std::pow(variance, 1.5) * (z * z - 1) / 6);
}

double kolmogorov_p(double statistic, std::int64_t n)
{
    const double root = std::sqrt(static_cast<double>(n));
    const double x = (root + 0.12 + 0.11 / root) * statistic;
    if (x < 0.2) return 1;
    double sum = 0;
    for (int k = 1; k <= 100; ++k) {
        const double term = std::exp(-2.0 * k * k * x * x);
        sum += k % 2 == 1 ? term : -term;
        if (term < 1e-18) break;
    }
    return std::clamp(2 * sum, 0.0, 1.0);
}

std::optional<double> sign_runs_p(std::int64_t positive, std::int64_t negative, std::int64_t runs)
{
    if (positive < 20 || negative < 20) return std::nullopt;
    const double p = static_cast<double>(positive), q = static_cast<double>(negative), n = p + q;
    const double mean = 2 * p * q / n + 1;
    const double variance = 2 * p * q * (2 * p * q - n) / (n * n * (n - 1));
    return std::min(2 * normal_tail(std::abs(static_cast<double>(runs) - mean) / std::sqrt(variance)), 1.0);
}

double distance_from_noise(std::span<const float> sorted, double mean, double deviation, NoiseKind kind)
{
    const double n = static_cast<double>(sorted.size());
    double distance = 0;
    for (std::size_t value_idx = 0; value_idx < sorted.size(); ++value_idx) {
        const double z = (static_cast<double>(sorted[value_idx]) - mean) / deviation;
        const double share = 0.5 * std::exp(-std::numbers::sqrt2 * std::abs(z));  // Laplace of variance 1
        const double expected = kind == NoiseKind::gaussian ? normal_cdf(z) : z < 0 ? share : 1 - share;
        const double rank = static_cast<double>(value_idx);
        distance = std::max({distance, expected - rank / n, (rank + 1) / n - expected});
    }
    return distance;
}

}  // namespace fedsleuth::analysis
