// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/span_points.h"

#include "analysis/rules/spectrum.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace fedsleuth::analysis {
namespace {

/// `matrix` (n × n) with one row and column more, and their common entry.
std::vector<double> bordered(const std::vector<double>& matrix, std::size_t n, std::span<const double> border,
                             double corner)
{
    std::vector<double> result((n + 1) * (n + 1), corner);
    for (std::size_t row = 0; row < n; ++row) {
        std::copy_n(matrix.begin() + static_cast<std::ptrdiff_t>(row * n), n,
                    result.begin() + static_cast<std::ptrdiff_t>(row * (n + 1)));
        result[row * (n + 1) + n] = result[n * (n + 1) + row] = border[row];
    }
    return result;
}

/// The update with the nearest half of the others closest around it.
std::size_t middle_of(const std::vector<double>& distances, std::size_t n)
{
    std::size_t middle = 0;
    double least = std::numeric_limits<double>::infinity();
    std::vector<double> row(n);
    for (std::size_t client_idx = 0; client_idx < n; ++client_idx) {
        std::copy_n(distances.begin() + static_cast<std::ptrdiff_t>(client_idx * n), n, row.begin());
        const auto half = row.begin() + static_cast<std::ptrdiff_t>(n / 2);
        std::nth_element(row.begin(), half, row.end());
        if (*half >= least) continue;
        least = *half;
        middle = client_idx;
    }
    return middle;
}

}  // namespace

SpanPoints::SpanPoints(const RoundGeometry& round, const std::optional<SideVector>& v)
    : points_(round.n + 1), products_(points_ * points_)
{
    const std::size_t n = round.n;
    const std::vector<double> between = squared_distances(round);
    const std::size_t c = middle_of(between, n);
    const double corner = v ? v->square : 0.0;
    const std::vector<double> gram = bordered(round.gram, n, v ? v->products : std::vector<double>(n, 0.0), corner);
    std::vector<double> to_v(n);
    for (std::size_t client_idx = 0; client_idx < n; ++client_idx)
        to_v[client_idx] =
            std::max(0.0, gram[client_idx * (points_ + 1)] + corner - 2.0 * gram[client_idx * points_ + n]);
    // Where the distances are made of the Gram matrix themselves, they are no better.
    const std::vector<double> distances =
        round.distances.empty() ? std::vector<double>{} : bordered(between, n, to_v, 0.0);
    const double* to_c = gram.data() + c * points_;  // row c of what is symmetric, instead of its column
    for (std::size_t i = 0; i < points_; ++i)
        for (std::size_t k = 0; k < points_; ++k) {
            const double product = gram[i * points_ + k];
            products_[i * points_ + k] = (product - to_c[i]) - (to_c[k] - to_c[c]);
            if (distances.empty() || i == n || k == n) continue;
            const double sides = distances[c * points_ + i] + distances[c * points_ + k];
            const double across = distances[i * points_ + k];
            if (sides + across < std::abs(product) + std::abs(to_c[i]) + std::abs(to_c[k]) + to_c[c])
                products_[i * points_ + k] = 0.5 * (sides - across);
        }
}

std::vector<double> SpanPoints::distances_to(std::span<const double> weights) const
{
    const std::vector<double> along = symmetric_product(products_, weights);
    const double square = std::inner_product(weights.begin(), weights.end(), along.begin(), 0.0);
    std::vector<double> distances(points_);
    for (std::size_t k = 0; k < points_; ++k)
        distances[k] = std::sqrt(std::max(0.0, products_[k * (points_ + 1)] - 2.0 * along[k] + square));
    return distances;
}

}  // namespace fedsleuth::analysis
