// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/rules/aggregate.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <numeric>
#include <random>
#include <string>
#include <vector>

namespace fedsleuth::test {

// Every rule once more, slow and as its paper writes it, on the coordinates themselves.

using Vector = std::vector<double>;
using Matrix = std::vector<Vector>;

inline double dot(const Vector& a, const Vector& b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }
inline double norm(const Vector& a) { return std::sqrt(dot(a, a)); }
inline Vector sum(const Vector& a, const Vector& b, double factor = 1)
{
    Vector result = a;
    for (std::size_t k = 0; k < a.size(); ++k) result[k] += factor * b[k];
    return result;
}
inline Vector times(const Vector& a, double factor) { return sum(Vector(a.size(), 0.0), a, factor); }
inline double apart(const Vector& a, const Vector& b) { return norm(sum(a, b, -1)); }

inline Vector weighted_sum(const Matrix& rows, const Vector& weights)
{
    Vector result(rows.front().size(), 0.0);
    for (std::size_t i = 0; i < rows.size(); ++i) result = sum(result, rows[i], weights[i]);
    return result;
}
inline Vector mean(const Matrix& rows)
{
    return weighted_sum(rows, Vector(rows.size(), 1.0 / static_cast<double>(rows.size())));
}
inline Matrix chosen(const Matrix& rows, const std::vector<std::size_t>& members)
{
    Matrix result;
    for (const std::size_t i : members) result.push_back(rows[i]);
    return result;
}
inline double middle(Vector values)
{
    std::sort(values.begin(), values.end());
    return (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
}
inline Vector column(const Matrix& rows, std::size_t k)
{
    Vector values;
    for (const Vector& row : rows) values.push_back(row[k]);
    return values;
}
/// `order`: sorted by key, the lower index first among equals.
inline std::vector<std::size_t> ranked(const Vector& keys)
{
    std::vector<std::size_t> order(keys.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return keys[a] < keys[b]; });
    return order;
}

inline double krum_score(const Matrix& rows, std::size_t i, std::size_t neighbours)
{
    Vector distances;
    for (std::size_t j = 0; j < rows.size(); ++j)
        if (j != i) distances.push_back(std::pow(apart(rows[i], rows[j]), 2));
    std::sort(distances.begin(), distances.end());
    return std::accumulate(distances.begin(), distances.begin() + static_cast<std::ptrdiff_t>(neighbours), 0.0);
}

inline Vector nearest_to_median(const Matrix& rows, std::size_t keep)
{
    Vector result;
    for (std::size_t k = 0; k < rows.front().size(); ++k) {
        Vector values = column(rows, k);
        const double median = middle(values);
        std::sort(values.begin(), values.end());
        Vector away;
        for (const double value : values) away.push_back(std::abs(value - median));
        const std::vector<std::size_t> order = ranked(away);
        double total = 0;
        for (std::size_t place = 0; place < keep; ++place) total += values[order[place]];
        result.push_back(total / static_cast<double>(keep));
    }
    return result;
}

inline Vector bulyan(const Matrix& rows, std::size_t f)
{
    Matrix left = rows;
    Matrix picked;
    while (picked.size() < rows.size() - 2 * f) {
        const std::size_t neighbours = std::max<std::size_t>(1, left.size() > f + 2 ? left.size() - f - 2 : 1);
        Vector scores;
        for (std::size_t i = 0; i < left.size(); ++i)
            scores.push_back(krum_score(left, i, std::min(neighbours, left.size() - 1)));
        const std::size_t best = ranked(scores).front();
        picked.push_back(left[best]);
        left.erase(left.begin() + static_cast<std::ptrdiff_t>(best));
    }
    return nearest_to_median(picked, picked.size() - 2 * f);
}

inline Vector mda(const Matrix& rows, std::size_t f)
{
    const std::size_t n = rows.size();
    double least = std::numeric_limits<double>::infinity();
    std::vector<std::size_t> best;
    for (std::uint32_t mask = 0; mask < (1U << n); ++mask) {
        if (static_cast<std::size_t>(std::popcount(mask)) != n - f) continue;
        std::vector<std::size_t> members;
        for (std::size_t i = 0; i < n; ++i)
            if ((mask >> i & 1U) != 0) members.push_back(i);
        double diameter = 0;
        for (const std::size_t i : members)
            for (const std::size_t j : members) diameter = std::max(diameter, apart(rows[i], rows[j]));
        if (diameter > least || (diameter == least && members > best)) continue;
        least = diameter;
        best = members;
    }
    return mean(chosen(rows, best));
}

inline Vector geometric_median(const Matrix& rows, double nu, int iterations, Vector examples = {})
{
    Vector at = mean(rows);
    examples.resize(rows.size(), 1.0);
    for (int step = 0; step < iterations; ++step) {
        Vector weights;
        for (std::size_t i = 0; i < rows.size(); ++i) weights.push_back(examples[i] / std::max(nu, apart(rows[i], at)));
        const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
        for (double& weight : weights) weight /= total;
        at = weighted_sum(rows, weights);
    }
    return at;
}

inline Vector centred_clipping(const Matrix& rows, Vector at, double radius, int iterations)
{
    for (int step = 0; step < iterations; ++step) {
        Vector move(at.size(), 0.0);
        for (const Vector& row : rows) {
            const Vector difference = sum(row, at, -1);
            const double length = norm(difference);
            move = sum(move, difference, std::min(1.0, radius / length) / static_cast<double>(rows.size()));
        }
        at = sum(at, move);
    }
    return at;
}

inline Vector fltrust(const Matrix& rows, const Vector& reference)
{
    Vector weights;
    double total = 0;
    for (const Vector& row : rows) {
        const double trust = std::max(0.0, dot(row, reference) / norm(row) / norm(reference));
        total += trust;
        weights.push_back(trust * norm(reference) / norm(row));
    }
    for (double& weight : weights) weight /= total;
    return weighted_sum(rows, weights);
}

inline Vector foolsgold(const Matrix& rows, const Matrix& history)
{
    constexpr double guard = 1e-5;
    const std::size_t n = rows.size();
    Matrix cosines(n, Vector(n, 0.0));
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j)
            if (i != j) cosines[i][j] = dot(history[i], history[j]) / norm(history[i]) / norm(history[j]);
    const auto largest = [](const Vector& row) { return *std::max_element(row.begin(), row.end()); };
    Vector tops;
    for (const Vector& row : cosines) tops.push_back(largest(row) + guard);
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j)
            if (i != j && tops[i] < tops[j]) cosines[i][j] *= tops[i] / tops[j];
    Vector rates;
    for (const Vector& row : cosines) rates.push_back(std::min(1.0, std::max(0.0, 1 - largest(row))));
    const double top = largest(rates);
    for (double& rate : rates) {
        rate /= top;
        if (rate == 1) rate = 0.99;
        rate = std::min(1.0, std::max(0.0, std::log(rate / (1 - rate) + guard) + 0.5));
    }
    return weighted_sum(rows, rates);
}

/// The leading direction of Σ c_i x_i x_iᵀ, by a power iteration in the coordinates.
inline Vector leading_direction(const Matrix& centred, const Vector& c, int steps = 20'000)
{
    Vector direction(centred.front().size());
    for (std::size_t k = 0; k < direction.size(); ++k) direction[k] = 1 + 0.37 * static_cast<double>(k % 5);
    for (int step = 0; step < steps; ++step) {
        Vector next(direction.size(), 0.0);
        for (std::size_t i = 0; i < centred.size(); ++i)
            next = sum(next, centred[i], c[i] * dot(centred[i], direction));
        direction = times(next, 1 / norm(next));
    }
    return direction;
}

inline Vector dnc(const Matrix& rows, std::size_t drop)
{
    Matrix centred;
    for (const Vector& row : rows) centred.push_back(sum(row, mean(rows), -1));
    const Vector direction = leading_direction(centred, Vector(rows.size(), 1.0));
    Vector scores;
    for (const Vector& row : centred) scores.push_back(std::pow(dot(row, direction), 2));
    std::vector<std::size_t> order = ranked(scores);
    order.resize(rows.size() - drop);
    return mean(chosen(rows, order));
}

inline Vector smea(const Matrix& rows, std::size_t f)
{
    const std::size_t n = rows.size();
    double least = std::numeric_limits<double>::infinity();
    Vector best;
    for (std::uint32_t mask = 0; mask < (1U << n); ++mask) {
        if (static_cast<std::size_t>(std::popcount(mask)) != n - f) continue;
        std::vector<std::size_t> members;
        for (std::size_t i = 0; i < n; ++i)
            if ((mask >> i & 1U) != 0) members.push_back(i);
        Matrix centred = chosen(rows, members);
        const Vector centre = mean(centred);
        for (Vector& row : centred) row = sum(row, centre, -1);
        const Vector direction = leading_direction(centred, Vector(centred.size(), 1.0), 300);
        double variance = 0;
        for (const Vector& row : centred) variance += std::pow(dot(row, direction), 2);
        if (variance >= least) continue;
        least = variance;
        best = centre;
    }
    return best;
}

inline Vector caf(const Matrix& rows, std::size_t f)
{
    const std::size_t n = rows.size();
    Vector c(n, 1.0);
    Vector best = mean(rows);
    double least = std::numeric_limits<double>::infinity();
    double total = static_cast<double>(n);
    while (total > static_cast<double>(n - 2 * f)) {
        const Vector centre = times(weighted_sum(rows, c), 1 / total);
        Matrix centred;
        for (const Vector& row : rows) centred.push_back(sum(row, centre, -1));
        const Vector direction = leading_direction(centred, c);
        Vector taus;
        double variance = 0;
        for (std::size_t i = 0; i < n; ++i) {
            taus.push_back(std::pow(dot(centred[i], direction), 2));
            variance += c[i] * taus.back() / total;
        }
        if (variance < least) {
            least = variance;
            best = centre;
        }
        double furthest = 0;
        for (std::size_t i = 0; i < n; ++i)
            if (c[i] > 0) furthest = std::max(furthest, taus[i]);
        for (std::size_t i = 0; i < n; ++i) c[i] *= std::max(0.0, 1 - taus[i] / furthest);
        total = std::accumulate(c.begin(), c.end(), 0.0);
    }
    return best;
}

}  // namespace fedsleuth::test
