// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/span_points.h"

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <limits>

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
    const std::vector<double> distances = bordered(between, n, to_v, 0.0);
    const bool measured = !round.distances.empty();  // else they are made of the Gram matrix, and no better
    const double square = gram[c * (points_ + 1)];
    for (std::size_t i = 0; i < points_; ++i)
        for (std::size_t k = 0; k < points_; ++k) {
            const double product = gram[i * points_ + k];
            const double mine = gram[i * points_ + c];
            const double other = gram[k * points_ + c];
            const double sides = distances[i * points_ + c] + distances[k * points_ + c];
            const double across = distances[i * points_ + k];
            const bool by_distances = measured && i != n && k != n &&
                                      sides + across < std::abs(product) + std::abs(mine) + std::abs(other) + square;
            products_[i * points_ + k] = by_distances ? 0.5 * (sides - across) : (product - mine) - (other - square);
        }
}

std::vector<double> SpanPoints::distances_to(std::span<const double> weights) const
{
    const auto m = static_cast<Eigen::Index>(points_);
    const Eigen::Map<const Eigen::MatrixXd> products(products_.data(), m, m);  // symmetric: either order will do
    const Eigen::Map<const Eigen::VectorXd> w(weights.data(), m);
    Eigen::VectorXd along(m);
    along.noalias() = products * w;
    const double square = w.dot(along);
    std::vector<double> distances(points_);
    for (Eigen::Index k = 0; k < m; ++k)
        distances[static_cast<std::size_t>(k)] = std::sqrt(std::max(0.0, products(k, k) - 2.0 * along[k] + square));
    return distances;
}

}  // namespace fedsleuth::analysis
