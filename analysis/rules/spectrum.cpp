// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/spectrum.h"

#include "analysis/kernels/symmetric_product.h"

#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace fedsleuth::analysis {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using MatrixMap = Eigen::Map<const MatrixXd>;

EigenPair pair_of(double value, const VectorXd& vector)
{
    return {value, {vector.data(), vector.data() + vector.size()}};
}

/// A start that no eigenvector is orthogonal to but by accident of 53 bits; the same every time.
VectorXd start_vector(Index n)
{
    std::mt19937_64 random(1);
    VectorXd start(n);
    for (Index k = 0; k < n; ++k) start[k] = std::ldexp(static_cast<double>(random() >> 11U), -53) - 0.5;
    return start.normalized();
}

/// The top of the tridiagonal matrix, its distance to the next eigenvalue and its eigenvector.
struct Ritz {
    double value = 0;
    double gap = 0;
    VectorXd vector;
};

/// Sturm sequences of a tridiagonal matrix at eight values at once: how many eigenvalues are above each (Demmel,
/// Applied Numerical Linear Algebra, 1997, section 5.3.4).
class EigenvalueCount {
public:
    struct Bracket {
        double low;   ///< at least as many eigenvalues as wanted are above it
        double high;  ///< fewer are
        [[nodiscard]] double width() const { return high - low; }
    };

    EigenvalueCount(const VectorXd& diagonal, const VectorXd& off, Index size)
        : diagonal_(diagonal.head(size)), squares_(off.head(size - 1).cwiseAbs2())
    {
        const double reach = size > 1 ? 2.0 * off.head(size - 1).cwiseAbs().maxCoeff() : 0.0;
        all_ = {diagonal_.minCoeff() - reach, diagonal_.maxCoeff() + reach};
        tiny_ = std::numeric_limits<double>::min() + 1e-300 * std::max(std::abs(all_.low), std::abs(all_.high));
    }

    [[nodiscard]] const Bracket& all() const { return all_; }

    /// The `wanted`-th largest eigenvalue to a ninth of the bracket; false where floating point has nothing in between.
    bool narrow(Bracket& bracket, double wanted) const
    {
        const double step = bracket.width() / (at_once + 1);
        const Lanes values = bracket.low + step * Lanes::LinSpaced(at_once, 1.0, at_once);
        const Lanes above = count_above(values);
        const double before = bracket.width();
        for (Index k = 0; k < at_once; ++k) {
            if (above[k] >= wanted) {
                bracket.low = std::max(bracket.low, values[k]);
            } else {
                bracket.high = std::min(bracket.high, values[k]);
            }
        }
        return bracket.width() > 0 && bracket.width() < 0.5 * before;
    }

private:
    static constexpr Index at_once = 8;
    using Lanes = Eigen::Array<double, at_once, 1>;

    [[nodiscard]] Lanes count_above(const Lanes& values) const
    {
        Lanes above = Lanes::Zero();
        Lanes pivot = diagonal_[0] - values;
        for (Index k = 0;; ++k) {
            pivot = (pivot.abs() < tiny_).select(-tiny_, pivot);
            above += (pivot > 0).cast<double>();
            if (k == squares_.size()) return above;
            pivot = (diagonal_[k + 1] - values) - squares_[k] / pivot;
        }
    }

    VectorXd diagonal_;
    VectorXd squares_;
    Bracket all_;
    double tiny_ = 0;
};

/// The eigenvector of a tridiagonal matrix for an eigenvalue that is nearly known, in O(size): factored from both ends,
/// it starts where the two meet best (Parlett, Dhillon, Fernando's solution to Wilkinson's problem, 1997, section 3).
/// What it leaves there corrects the eigenvalue as Rayleigh's quotient would.
struct TwistedVector {
    VectorXd vector;
    double correction = 0;
};
TwistedVector twisted_vector(const VectorXd& diagonal, const VectorXd& off, Index size, double value)
{
    const double tiny = std::numeric_limits<double>::min() + 1e-300 * std::abs(value);
    const auto pivot = [&](double at) { return at == 0.0 ? tiny : at; };
    VectorXd down(size), up(size);
    down[0] = pivot(diagonal[0] - value);
    for (Index k = 1; k < size; ++k) down[k] = pivot(diagonal[k] - value - off[k - 1] * off[k - 1] / down[k - 1]);
    up[size - 1] = pivot(diagonal[size - 1] - value);
    for (Index k = size - 1; k-- > 0;) up[k] = pivot(diagonal[k] - value - off[k] * off[k] / up[k + 1]);
    const VectorXd left = down + up - (diagonal.head(size).array() - value).matrix();
    Index meet = 0;
    left.cwiseAbs().minCoeff(&meet);
    VectorXd vector(size);
    vector[meet] = 1.0;
    for (Index k = meet; k-- > 0;) vector[k] = -off[k] / down[k] * vector[k + 1];
    for (Index k = meet + 1; k < size; ++k) vector[k] = -off[k - 1] / up[k] * vector[k - 1];
    return {vector.normalized(), left[meet] / vector.squaredNorm()};
}

/// Brackets until the largest eigenvalue stands alone in its own, then corrects it. The gap is never overrated.
Ritz top_ritz(const VectorXd& diagonal, const VectorXd& off, Index size)
{
    const EigenvalueCount count(diagonal, off, size);
    EigenvalueCount::Bracket first = count.all(), second = count.all();
    const auto apart = [&] { return first.low - second.high; };
    bool goes_on = true;
    while (goes_on && size > 1 && 10.0 * std::max(first.width(), second.width()) > apart()) {
        goes_on = count.narrow(first, 1);
        if (10.0 * second.width() > apart()) goes_on = count.narrow(second, 2) || goes_on;
    }
    double value = 0.5 * (first.low + first.high);
    TwistedVector found = twisted_vector(diagonal, off, size, value);
    for (int round = 0; round < 6 && std::abs(found.correction) > 1e-16 * std::abs(value); ++round) {
        value = std::clamp(value + found.correction, first.low, first.high);
        found = twisted_vector(diagonal, off, size, value);
    }
    return {value, size > 1 ? value - second.high : value, std::move(found.vector)};
}

/// When to look again whether the iteration has converged: a look costs more than a step. The error shrinks by about
/// the same factor with every step.
class NextCheck {
public:
    static constexpr double wanted = 1e-12;

    [[nodiscard]] Index at() const { return at_; }
    void after(Index steps, double error)
    {
        const double digits = std::log(error / wanted);
        const double rate = last_ > 0 ? (last_digits_ - digits) / static_cast<double>(steps - last_) : 0.0;
        const Index most = std::max<Index>(6, steps / 2);
        at_ = steps + (rate > 0 && digits / rate < static_cast<double>(most)
                           ? std::max<Index>(2, static_cast<Index>(std::ceil(digits / rate)))
                           : most);
        last_ = steps;
        last_digits_ = digits;
    }

private:
    Index at_ = 12;
    Index last_ = 0;
    double last_digits_ = 0;
};

/// Takes the first `steps` columns of the basis out of a vector and returns what length is left; once more where much
/// of it went, for then the rest holds rounding errors along them.
double orthogonalise(VectorXd& vector, const MatrixXd& basis, Index steps)
{
    double before = vector.norm();
    while (true) {
        const VectorXd along = basis.leftCols(steps).transpose() * vector;
        vector -= basis.leftCols(steps) * along;
        const double after = vector.norm();
        if (!(after < 0.7 * before)) return after;
        before = after;
    }
}

VectorXd combination(const MatrixXd& basis, const VectorXd& shares)
{
    VectorXd sum = VectorXd::Zero(basis.rows());
    for (Index step = 0; step < shares.size(); ++step) sum += shares[step] * basis.col(step);
    return sum.normalized();
}

}  // namespace

std::vector<double> symmetric_product(std::span<const double> matrix, std::span<const double> x)
{
    std::vector<double> product(x.size());
    symmetric_product(matrix.data(), x.size(), x.data(), product.data());
    return product;
}

std::vector<double> centred_gram(std::span<const double> squared_distances, std::span<const double> weights)
{
    const auto n = static_cast<Index>(weights.size());
    const MatrixMap distances(squared_distances.data(), n, n);
    const Eigen::Map<const VectorXd> w(weights.data(), n);
    VectorXd to_mean(n);
    symmetric_product(squared_distances.data(), weights.size(), weights.data(), to_mean.data());
    to_mean.array() -= 0.5 * w.dot(to_mean);  // now |x_i − μ|²
    std::vector<double> gram(squared_distances.size());
    Eigen::Map<MatrixXd> result(gram.data(), n, n);
    for (Index column = 0; column < n; ++column)
        result.col(column) = 0.5 * (to_mean.array() + to_mean[column] - distances.col(column).array());
    return gram;
}

EigenPair top_eigenpair(std::span<const double> matrix, std::size_t size)
{
    const double scale =
        MatrixMap(matrix.data(), static_cast<Index>(size), static_cast<Index>(size)).cwiseAbs().maxCoeff();
    return top_eigenpair(size, scale,
                         [&](const double* x, double* out) { symmetric_product(matrix.data(), size, x, out); });
}

EigenPair top_eigenpair(std::size_t size, double scale, const std::function<void(const double*, double*)>& multiply)
{
    const auto n = static_cast<Index>(size);
    if (scale == 0.0) return pair_of(0.0, VectorXd::Constant(n, 1.0 / std::sqrt(static_cast<double>(n))));
    MatrixXd basis(n, std::min<Index>(n, 64));
    VectorXd diagonal(n);
    VectorXd off(n);
    VectorXd next(n);
    basis.col(0) = start_vector(n);
    Index steps = 0;
    NextCheck checks;
    while (true) {
        multiply(basis.col(steps).data(), next.data());
        diagonal[steps] = next.dot(basis.col(steps));
        next -= diagonal[steps] * basis.col(steps);
        if (steps > 0) next -= off[steps - 1] * basis.col(steps - 1);
        ++steps;
        const double residual = orthogonalise(next, basis, steps);
        const bool whole = steps == n || residual <= 1e-14 * scale;
        if (whole || steps == checks.at()) {
            const Ritz top = top_ritz(diagonal, off, steps);
            // How far the eigenvector may be off: the residual over the gap to the rest of the spectrum.
            const double error = residual * std::abs(top.vector[steps - 1]);
            if (whole || error <= NextCheck::wanted * top.gap)
                return pair_of(top.value, combination(basis, top.vector));
            checks.after(steps, error / top.gap);
        }
        off[steps - 1] = residual;
        if (steps == basis.cols()) basis.conservativeResize(Eigen::NoChange, std::min<Index>(n, 2 * steps));
        basis.col(steps) = next / residual;
    }
}

}  // namespace fedsleuth::analysis
