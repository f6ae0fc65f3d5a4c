// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/clustering/distances.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace fedsleuth::analysis {
namespace {

/// Rows that are compared with one row at a time: each sum runs in order, and eight of them keep the processor busy.
constexpr std::size_t rows_at_a_time = 8;

}  // namespace

std::vector<double> squared_euclidean_distances(std::span<const double> rows, std::size_t n, std::size_t d)
{
    std::vector<double> squares(n * n, 0.0);
    for (std::size_t row_idx = 0; row_idx < n; ++row_idx) {
        const double* row = rows.data() + row_idx * d;
        for (std::size_t first = row_idx + 1; first < n; first += rows_at_a_time) {
            const std::size_t others = std::min(rows_at_a_time, n - first);
            std::array<const double*, rows_at_a_time> other{};
            for (std::size_t k = 0; k < rows_at_a_time; ++k)
                other[k] = rows.data() + (first + std::min(k, others - 1)) * d;
            std::array<double, rows_at_a_time> sums{};
            for (std::size_t coord_idx = 0; coord_idx < d; ++coord_idx)
                for (std::size_t k = 0; k < rows_at_a_time; ++k) {
                    const double difference = row[coord_idx] - other[k][coord_idx];
                    const double square = difference * difference;
                    sums[k] += square;
                }
            for (std::size_t k = 0; k < others; ++k)
                squares[row_idx * n + first + k] = squares[(first + k) * n + row_idx] = sums[k];
        }
    }
    return squares;
}

std::vector<double> euclidean_distances(std::span<const double> rows, std::size_t n, std::size_t d)
{
    std::vector<double> distances = squared_euclidean_distances(rows, n, d);
    for (double& distance : distances) distance = std::sqrt(distance);
    return distances;
}

std::vector<double> cosine_distances(std::span<const double> rows, std::size_t n, std::size_t d)
{
    std::vector<double> directions(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(n * d));
    std::vector<char> has_direction(n, 0);
    for (std::size_t row_idx = 0; row_idx < n; ++row_idx) {
        const std::span<double> row(directions.data() + row_idx * d, d);
        // Scaled by the largest entry first: squares of very large or very small entries leave the range of a double.
        double largest = 0;
        for (const double value : row) largest = std::max(largest, std::abs(value));
        if (largest == 0.0) continue;
        has_direction[row_idx] = 1;
        double square = 0;
        for (double& value : row) {
            value /= largest;
            square += value * value;
        }
        const double norm = std::sqrt(square);
        for (double& value : row) value /= norm;
    }
    std::vector<double> distances = squared_euclidean_distances(directions, n, d);
    for (std::size_t row_idx = 0; row_idx < n; ++row_idx)
        for (std::size_t other_idx = 0; other_idx < n; ++other_idx) {
            double& distance = distances[row_idx * n + other_idx];
            if (row_idx == other_idx)
                distance = 0;
            else if (!has_direction[row_idx] || !has_direction[other_idx])
                distance = 1;
            else
                distance = std::isnan(distance) ? distance : std::min(2.0, distance / 2);
        }
    return distances;
}

}  // namespace fedsleuth::analysis
