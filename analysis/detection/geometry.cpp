// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/detection/geometry.h"

#include <algorithm>
#include <cmath>
#include <Eigen/Eigenvalues>

namespace fedsleuth::analysis {

using model::RoundLedger;

std::vector<double> norms(const RoundLedger& ledger)
{
    const std::vector<double> gram = ledger.total_gram();
    const std::size_t n = ledger.size();
    std::vector<double> lengths(n);
    for (std::size_t client_idx = 0; client_idx < n; ++client_idx)
        lengths[client_idx] = std::sqrt(std::max(gram[client_idx * n + client_idx], 0.0));
    return lengths;
}

std::vector<double> cosine_distances(const RoundLedger& ledger)
{
    const std::vector<double> gram = ledger.total_gram();
    const std::vector<double> lengths = norms(ledger);
    const std::size_t n = ledger.size();
    std::vector<double> distances(n * n, 0.0);
    for (std::size_t row = 0; row < n; ++row)
        for (std::size_t column = 0; column < n; ++column) {
            if (row == column) continue;
            const double scale = lengths[row] * lengths[column];
            const double cosine = scale > 0 ? std::clamp(gram[row * n + column] / scale, -1.0, 1.0) : 0.0;
            distances[row * n + column] = 1 - cosine;
        }
    return distances;
}

std::vector<double> euclidean_distances(const RoundLedger& ledger)
{
    const std::vector<double> gram = ledger.total_gram();
    const std::size_t n = ledger.size();
    std::vector<double> distances(n * n, 0.0);
    for (std::size_t row = 0; row < n; ++row)
        for (std::size_t column = 0; column < n; ++column)
            distances[row * n + column] =
                std::sqrt(std::max(gram[row * n + row] + gram[column * n + column] - 2 * gram[row * n + column], 0.0));
    return distances;
}

PrincipalPlane principal_plane(const RoundLedger& ledger)
{
    const auto n = static_cast<Eigen::Index>(ledger.size());
    PrincipalPlane plane;
    plane.x.assign(ledger.size(), 0.0);
    plane.y.assign(ledger.size(), 0.0);
    if (n < 2) return plane;

    // Classical scaling: the doubly centred Gram matrix has the principal coordinates as scaled eigenvectors.
    const std::vector<double> gram = ledger.total_gram();
    Eigen::MatrixXd centred = Eigen::Map<const Eigen::MatrixXd>(gram.data(), n, n);
    const Eigen::VectorXd means = centred.rowwise().mean();
    const double mean = means.mean();
    centred.colwise() -= means;
    centred.rowwise() -= means.transpose();
    centred.array() += mean;

    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(centred);
    const double total = std::max(centred.trace(), 0.0);
    if (solver.info() != Eigen::Success || total <= 0) return plane;
    const auto component = [&](Eigen::Index which, std::vector<double>& out, double& share) {
        const double variance = std::max(solver.eigenvalues()(which), 0.0);
        Eigen::VectorXd axis = solver.eigenvectors().col(which);
        // An eigenvector's sign is chance: the longest arm points to positive values.
        Eigen::Index longest = 0;
        axis.cwiseAbs().maxCoeff(&longest);
        if (axis(longest) < 0) axis = -axis;
        for (Eigen::Index client_idx = 0; client_idx < n; ++client_idx)
            out[static_cast<std::size_t>(client_idx)] = axis(client_idx) * std::sqrt(variance);
        share = variance / total;
    };
    component(n - 1, plane.x, plane.share_x);
    component(n - 2, plane.y, plane.share_y);
    return plane;
}

}  // namespace fedsleuth::analysis
