// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/kernels/curvature.h"

#include <algorithm>
#include <cmath>
#include <Eigen/Dense>

namespace fedsleuth::analysis {

namespace {

/// Inner products between e, the steps and the curvatures z_j = g_j − g_{j−1} (= −y_j, positive along s for a descent).
class Window {
public:
    Window(std::span<const double> products, std::size_t m) : products_(products), m_(m), rows_(2 * m + 2) {}

    [[nodiscard]] double at(std::size_t row, std::size_t column) const { return products_[row * rows_ + column]; }
    [[nodiscard]] std::size_t step(std::size_t j) const { return j; }             ///< j from 1
    [[nodiscard]] std::size_t update(std::size_t j) const { return m_ + 1 + j; }  ///< j from 0
    [[nodiscard]] double with_z(std::size_t row, std::size_t j) const
    {
        return at(row, update(j)) - at(row, update(j - 1));
    }
    [[nodiscard]] double zz(std::size_t i, std::size_t j) const
    {
        return with_z(update(i), j) - with_z(update(i - 1), j);
    }
    [[nodiscard]] double sz(std::size_t i, std::size_t j) const { return with_z(step(i), j); }
    [[nodiscard]] double ss(std::size_t i, std::size_t j) const { return at(step(i), step(j)); }
    [[nodiscard]] std::size_t rows() const { return rows_; }

private:
    std::span<const double> products_;
    std::size_t m_;
    std::size_t rows_;
};

/// |s + y| / |s|
std::optional<double> secant_of(const Window& window, std::size_t j)
{
    const double square = window.ss(j, j);
    if (!(square > 0)) return std::nullopt;
    return std::sqrt(std::max(square - 2 * window.sz(j, j) + window.zz(j, j), 0.0) / square);
}

double quadratic(const Window& window, const std::vector<double>& coefficients)
{
    double sum = 0;
    for (std::size_t row = 0; row < coefficients.size(); ++row)
        for (std::size_t column = 0; column < coefficients.size(); ++column)
            sum += coefficients[row] * window.at(row, column) * coefficients[column];
    return sum;
}

}  // namespace

CurvatureStep curvature_step(std::span<const double> products, std::size_t m)
{
    constexpr double least_curvature = 1e-8;
    const Window window(products, m);
    CurvatureStep result;
    if (m == 0) return result;
    result.secant = secant_of(window, 1);
    std::vector<std::size_t> pairs;  // oldest first
    double longest = 1;
    for (std::size_t j = m; j >= 1; --j) {
        if (const auto secant = secant_of(window, j)) longest = std::max(longest, *secant);
        const double length = std::sqrt(std::max(window.ss(j, j), 0.0) * std::max(window.zz(j, j), 0.0));
        if (length > 0 && window.sz(j, j) > least_curvature * length) pairs.push_back(j);
    }
    result.pairs = pairs.size();
    const double e_square = window.at(0, 0);
    if (pairs.empty() || !(e_square > 0)) return result;

    // B v = σ v − [σS Z] M⁻¹ [σSᵀv; Zᵀv],  M = [σSᵀS  L; Lᵀ  −D],  σ = s'z / s's of the latest pair.
    const auto count = static_cast<Eigen::Index>(pairs.size());
    const double sigma = window.sz(pairs.back(), pairs.back()) / window.ss(pairs.back(), pairs.back());
    Eigen::MatrixXd middle = Eigen::MatrixXd::Zero(2 * count, 2 * count);
    Eigen::VectorXd right(2 * count);
    for (Eigen::Index row = 0; row < count; ++row) {
        const std::size_t i = pairs[static_cast<std::size_t>(row)];
        right(row) = sigma * window.at(0, window.step(i));
        right(count + row) = window.with_z(0, i);
        middle(count + row, count + row) = -window.sz(i, i);
        for (Eigen::Index column = 0; column < count; ++column) {
            const std::size_t j = pairs[static_cast<std::size_t>(column)];
            middle(row, column) = sigma * window.ss(i, j);
            if (row > column) middle(row, count + column) = middle(count + column, row) = window.sz(i, j);
        }
    }
    const Eigen::FullPivLU<Eigen::MatrixXd> solver(middle);
    if (!solver.isInvertible()) return result;
    const Eigen::VectorXd p = solver.solve(right);

    std::vector<double> change(window.rows(), 0.0);  // J e = −B e
    change[0] = -sigma;
    for (Eigen::Index row = 0; row < count; ++row) {
        const std::size_t j = pairs[static_cast<std::size_t>(row)];
        change[window.step(j)] += sigma * p(row);
        change[window.update(j)] += p(count + row);  // z_j = g_j − g_{j−1}
        change[window.update(j - 1)] -= p(count + row);
    }
    std::vector<double> after = change;
    after[0] += 1;
    const double grown = quadratic(window, after);
    if (!std::isfinite(grown) || grown > longest * longest * e_square * (1 + 1e-9)) {
        result.stretched = true;
        return result;
    }
    result.coefficients = std::move(change);
    return result;
}

}  // namespace fedsleuth::analysis
