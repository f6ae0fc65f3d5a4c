// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/spectrum.h"

#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
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

/// The top of the tridiagonal matrix, its distance to the next eigenvalue and the last entry of its eigenvector.
struct Ritz {
    double value = 0;
    double gap = 0;
    VectorXd vector;
};

Ritz top_ritz(const VectorXd& diagonal, const VectorXd& off, Index size)
{
    Eigen::SelfAdjointEigenSolver<MatrixXd> solver;
    solver.computeFromTridiagonal(diagonal.head(size), off.head(size - 1));
    const VectorXd& values = solver.eigenvalues();
    const double next = size > 1 ? values[size - 2] : 0.0;
    return {values[size - 1], values[size - 1] - next, solver.eigenvectors().col(size - 1)};
}

VectorXd combination(const MatrixXd& basis, const VectorXd& shares)
{
    VectorXd sum = VectorXd::Zero(basis.rows());
    for (Index step = 0; step < shares.size(); ++step) sum += shares[step] * basis.col(step);
    return sum.normalized();
}

void multiply(std::span<const double> matrix, const Eigen::Ref<const VectorXd>& x, VectorXd& out)
{
    for (Index row = 0; row < x.size(); ++row)
        out[row] = Eigen::Map<const VectorXd>(matrix.data() + row * x.size(), x.size()).dot(x);
}

}  // namespace

std::vector<double> symmetric_product(std::span<const double> matrix, std::span<const double> x)
{
    const Eigen::Map<const VectorXd> vector(x.data(), static_cast<Index>(x.size()));
    VectorXd product(vector.size());
    multiply(matrix, vector, product);
    return {product.data(), product.data() + product.size()};
}

std::vector<double> centred_gram(std::span<const double> squared_distances, std::span<const double> weights)
{
    const auto n = static_cast<Index>(weights.size());
    const MatrixMap distances(squared_distances.data(), n, n);
    const Eigen::Map<const VectorXd> w(weights.data(), n);
    VectorXd to_mean(n);
    multiply(squared_distances, w, to_mean);
    to_mean.array() -= 0.5 * w.dot(to_mean);  // now |x_i − μ|²
    std::vector<double> gram(squared_distances.size());
    Eigen::Map<MatrixXd> result(gram.data(), n, n);
    for (Index column = 0; column < n; ++column)
        result.col(column) = 0.5 * (to_mean.array() + to_mean[column] - distances.col(column).array());
    return gram;
}

EigenPair top_eigenpair(std::span<const double> matrix, std::size_t size)
{
    const auto n = static_cast<Index>(size);
    const double scale = MatrixMap(matrix.data(), n, n).cwiseAbs().maxCoeff();
    if (scale == 0.0) return pair_of(0.0, VectorXd::Constant(n, 1.0 / std::sqrt(static_cast<double>(n))));
    MatrixXd basis(n, std::min<Index>(n, 64));
    VectorXd diagonal(n);
    VectorXd off(n);
    VectorXd next(n);
    basis.col(0) = start_vector(n);
    Index steps = 0;
    Index check_at = 12;
    while (true) {
        multiply(matrix, basis.col(steps), next);
        diagonal[steps] = next.dot(basis.col(steps));
        ++steps;
        for (int twice = 0; twice < 2; ++twice)
            for (Index step = 0; step < steps; ++step) next -= basis.col(step).dot(next) * basis.col(step);
        const double residual = next.norm();
        const bool whole = steps == n || residual <= 1e-14 * scale;
        if (whole || steps == check_at) {
            const Ritz top = top_ritz(diagonal, off, steps);
            // How far the eigenvector may be off: the residual over the gap to the rest of the spectrum.
            const double error = residual * std::abs(top.vector[steps - 1]);
            if (whole || error <= 1e-12 * top.gap) return pair_of(top.value, combination(basis, top.vector));
            check_at = steps + std::max<Index>(6, steps / 4);
        }
        off[steps - 1] = residual;
        if (steps == basis.cols()) basis.conservativeResize(Eigen::NoChange, std::min<Index>(n, 2 * steps));
        basis.col(steps) = next / residual;
    }
}

}  // namespace fedsleuth::analysis
