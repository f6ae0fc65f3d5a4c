// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/lab/attacks/crafting.h"

#include "analysis/privacy/normal.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace fedsleuth::analysis::lab {

namespace {

constexpr double widest_gamma = 10.0;

double sign_of(double value) { return value > 0 ? 1.0 : value < 0 ? -1.0 : 0.0; }

std::vector<double> direction_of(const Rows& honest, std::span<const double> mean, Direction direction)
{
    if (direction == Direction::std) return deviation_of(honest);
    std::vector<double> result(mean.begin(), mean.end());
    const double norm = norm_of(mean);
    for (double& value : result) {
        if (direction == Direction::sign)
            value = sign_of(value);
        else
            value = norm > 0 ? value / norm : 0;
    }
    return result;
}

std::vector<double> moved(std::span<const double> from, double gamma, std::span<const double> direction)
{
    std::vector<double> result(from.begin(), from.end());
    for (std::size_t coord_idx = 0; coord_idx < result.size(); ++coord_idx)
        result[coord_idx] -= gamma * direction[coord_idx];
    return result;
}

}  // namespace

double squared_distance(std::span<const double> a, std::span<const double> b)
{
    double sum = 0;
    for (std::size_t coord_idx = 0; coord_idx < a.size(); ++coord_idx) {
        const double difference = a[coord_idx] - b[coord_idx];
        sum += difference * difference;
    }
    return sum;
}

Deviated bisected(const Rows& honest, Direction direction, double start,
                  const std::function<bool(std::span<const double>)>& allowed)
{
    constexpr double precision = 1e-5;
    const std::vector<double> mean = mean_of(honest);
    const std::vector<double> away = direction_of(honest, mean, direction);
    double gamma = start, step = start, found = 0;
    while (std::abs(found - gamma) > precision) {
        const bool fits = allowed(moved(mean, gamma, away));
        if (fits) found = gamma;
        step /= 2;
        gamma += fits ? step : -step;
    }
    return {found, moved(mean, found, away)};
}

std::vector<double> mean_of(const Rows& rows)
{
    std::vector<double> mean(rows.d, 0.0);
    for (std::size_t row_idx = 0; row_idx < rows.n; ++row_idx)
        for (std::size_t coord_idx = 0; coord_idx < rows.d; ++coord_idx) mean[coord_idx] += rows[row_idx][coord_idx];
    for (double& value : mean) value /= static_cast<double>(rows.n);
    return mean;
}

std::vector<double> deviation_of(const Rows& rows)
{
    const std::vector<double> mean = mean_of(rows);
    std::vector<double> deviation(rows.d, 0.0);
    if (rows.n < 2) return deviation;
    for (std::size_t row_idx = 0; row_idx < rows.n; ++row_idx)
        for (std::size_t coord_idx = 0; coord_idx < rows.d; ++coord_idx) {
            const double difference = rows[row_idx][coord_idx] - mean[coord_idx];
            deviation[coord_idx] += difference * difference;
        }
    for (double& value : deviation) value = std::sqrt(value / static_cast<double>(rows.n - 1));
    return deviation;
}

double norm_of(std::span<const double> vector)
{
    return std::sqrt(std::inner_product(vector.begin(), vector.end(), vector.begin(), 0.0));
}

double median_norm(const Rows& rows)
{
    if (rows.n == 0) return 0;
    std::vector<double> norms;
    for (std::size_t row_idx = 0; row_idx < rows.n; ++row_idx) norms.push_back(norm_of(rows[row_idx]));
    const auto middle = norms.begin() + static_cast<std::ptrdiff_t>(norms.size() / 2);
    std::nth_element(norms.begin(), middle, norms.end());
    return *middle;
}

std::vector<double> alie(const Rows& honest, double tau) { return moved(mean_of(honest), -tau, deviation_of(honest)); }

double alie_z(std::size_t n, std::size_t f)
{
    const std::size_t majority = n / 2 + 1;
    if (f >= majority || f >= n) return 0;
    const double supporters = static_cast<double>(majority - f), honest = static_cast<double>(n - f);
    return std::max(0.0, normal_tail_quantile(supporters / honest));
}

std::vector<double> ipm(const Rows& honest, double tau)
{
    std::vector<double> result = mean_of(honest);
    for (double& value : result) value *= -tau;
    return result;
}

Deviated min_max(const Rows& honest, Direction direction)
{
    double furthest = 0;
    for (std::size_t row_idx = 0; row_idx < honest.n; ++row_idx)
        for (std::size_t other_idx = row_idx + 1; other_idx < honest.n; ++other_idx)
            furthest = std::max(furthest, squared_distance(honest[row_idx], honest[other_idx]));
    return bisected(honest, direction, widest_gamma, [&](std::span<const double> candidate) {
        for (std::size_t row_idx = 0; row_idx < honest.n; ++row_idx)
            if (squared_distance(honest[row_idx], candidate) > furthest) return false;
        return true;
    });
}

Deviated min_sum(const Rows& honest, Direction direction)
{
    const auto sum_to = [&](std::span<const double> point) {
        double sum = 0;
        for (std::size_t row_idx = 0; row_idx < honest.n; ++row_idx) sum += squared_distance(honest[row_idx], point);
        return sum;
    };
    double smallest = std::numeric_limits<double>::infinity();
    for (std::size_t row_idx = 0; row_idx < honest.n; ++row_idx) smallest = std::min(smallest, sum_to(honest[row_idx]));
    return bisected(honest, direction, widest_gamma,
                    [&](std::span<const double> candidate) { return sum_to(candidate) <= smallest; });
}

Deviated fang_krum(const Rows& honest, std::size_t f)
{
    constexpr double smallest = 1e-5;
    const std::vector<double> mean = mean_of(honest);
    std::vector<double> against(mean);
    for (double& value : against) value = sign_of(value);
    const std::size_t n = honest.n + f;
    // Sum over its nearest neighbours; the copies are at distance 0 from each other.
    const std::size_t neighbours = n > f + 2 ? n - f - 2 : 1;
    const auto sum_of_nearest = [&](std::vector<double>& distances) {
        std::sort(distances.begin(), distances.end());
        const std::size_t count = std::min(neighbours, distances.size());
        return std::accumulate(distances.begin(), distances.begin() + static_cast<std::ptrdiff_t>(count), 0.0);
    };
    std::vector<std::vector<double>> between(honest.n);
    for (std::size_t row_idx = 0; row_idx < honest.n; ++row_idx)
        for (std::size_t other_idx = 0; other_idx < honest.n; ++other_idx)
            if (other_idx != row_idx) between[row_idx].push_back(squared_distance(honest[row_idx], honest[other_idx]));
    double lambda = 1.0;
    const std::vector<double> origin(honest.d, 0.0);
    for (;; lambda /= 2) {
        const std::vector<double> candidate = moved(origin, lambda, against);
        std::vector<double> own(f - 1, 0.0);
        double best = std::numeric_limits<double>::infinity();
        for (std::size_t row_idx = 0; row_idx < honest.n; ++row_idx) {
            const double distance = squared_distance(honest[row_idx], candidate);
            own.push_back(distance);
            std::vector<double> distances = between[row_idx];
            distances.insert(distances.end(), f, distance);
            best = std::min(best, sum_of_nearest(distances));
        }
        if (sum_of_nearest(own) < best || lambda / 2 < smallest) return {lambda, candidate};
    }
}

std::vector<double> fang_trim(const Rows& honest, std::span<const double> factor)
{
    std::vector<double> result(honest.d);
    for (std::size_t coord_idx = 0; coord_idx < honest.d; ++coord_idx) {
        double sum = 0, low = honest[0][coord_idx], high = low;
        for (std::size_t row_idx = 0; row_idx < honest.n; ++row_idx) {
            const double value = honest[row_idx][coord_idx];
            sum += value;
            low = std::min(low, value);
            high = std::max(high, value);
        }
        const double direction = sign_of(sum);
        const double extreme = direction > 0 ? low : direction < 0 ? high : 0;
        const double along = direction * extreme;
        result[coord_idx] = along > 0 ? extreme / factor[coord_idx] : along < 0 ? extreme * factor[coord_idx] : 0;
    }
    return result;
}

std::vector<double> fang_trim_partial(const Rows& own)
{
    constexpr double deviations = 3.5;
    std::vector<double> result = mean_of(own);
    const std::vector<double> deviation = deviation_of(own);
    const auto count = static_cast<double>(own.n);
    const double over_all = std::sqrt((count - 1) / count);  // the paper's code divides by f
    for (std::size_t coord_idx = 0; coord_idx < own.d; ++coord_idx)
        result[coord_idx] -= deviations * over_all * deviation[coord_idx] * sign_of(result[coord_idx]);
    return result;
}

std::vector<double> fang_mean(const Rows& all, std::size_t f)
{
    std::vector<double> result(all.d, 0.0);
    for (std::size_t row_idx = 0; row_idx < all.n; ++row_idx) {
        const double times = row_idx < f ? 1.0 : 2.0;  // once in the sum of all, once in that of the honest
        for (std::size_t coord_idx = 0; coord_idx < all.d; ++coord_idx)
            result[coord_idx] -= times * all[row_idx][coord_idx] / static_cast<double>(f);
    }
    return result;
}

}  // namespace fedsleuth::analysis::lab
