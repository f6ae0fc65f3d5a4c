// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/clustering/hdbscan.h"
#include "analysis/detection/geometry.h"
#include "analysis/detection/robust.h"
#include "analysis/detection/round_detectors.h"
#include "analysis/detection/scoring.h"

#include <algorithm>
#include <cmath>

namespace fedsleuth::analysis {

using model::DetectorScores;
using model::RoundLedger;

DetectorScores score_norm(const RoundView& view)
{
    return scored(view.ledger, "norm", view.lengths, logs(view.lengths), 0.05, Side::both);
}

DetectorScores score_median_cosine(const RoundView& view)
{
    std::vector<double> cosines;
    for (std::size_t client_idx = 0; client_idx < view.n; ++client_idx)
        cosines.push_back(cosine_of(view.to_median[client_idx], view.lengths[client_idx] * view.lengths[client_idx],
                                    view.median_square));
    return scored_cosine(view.ledger, "cosine-median", cosines, Side::both);
}

DetectorScores score_progress(const RoundView& view)
{
    std::vector<double> progress(view.n, not_applicable), measured(view.n, not_applicable);
    for (std::size_t client_idx = 0; client_idx < view.n && view.median_square > 0; ++client_idx) {
        progress[client_idx] = view.to_median[client_idx] / view.median_square;
        measured[client_idx] = std::asinh(progress[client_idx]);  // a ratio, which may be negative
    }
    return scored(view.ledger, "progress", progress, measured, 0.05, Side::both);
}

DetectorScores score_sign_agreement(const RoundView& view)
{
    const std::vector<double> agreement = view.ledger.sign_agreement();
    return scored(view.ledger, "sign-agreement", agreement, agreement, 0.01, Side::both);
}

DetectorScores score_krum(const RoundView& view)
{
    // Krum's score with f = a fifth of the clients: the n − f − 2 smallest squared distances (Blanchard et al., 2017).
    const std::vector<double> distances = euclidean_distances(view.ledger);
    const std::size_t n = view.n;
    const std::size_t f = std::min(n / 5, (n - 3) / 2);
    const std::size_t neighbours = std::max<std::size_t>(n - f - 2, 1);
    std::vector<double> out;
    for (std::size_t client_idx = 0; client_idx < n; ++client_idx) {
        std::vector<double> row;
        for (std::size_t other_idx = 0; other_idx < n; ++other_idx)
            if (other_idx != client_idx) row.push_back(distances[client_idx * n + other_idx]);
        std::sort(row.begin(), row.end());
        double sum = 0;
        for (std::size_t rank = 0; rank < neighbours; ++rank) sum += row[rank] * row[rank];
        out.push_back(std::sqrt(sum / static_cast<double>(neighbours)));
    }
    return scored(view.ledger, "krum-distance", out, logs(out), 0.05, Side::both);
}

DetectorScores score_duplicates(const RoundView& view)
{
    std::vector<double> nearest(view.n, not_applicable);
    std::vector<std::string> twins(view.n);
    for (std::size_t client_idx = 0; client_idx < view.n; ++client_idx)
        for (std::size_t other_idx = 0; other_idx < view.n; ++other_idx) {
            const double value = view.residual_cosines[client_idx * view.n + other_idx];
            if (other_idx == client_idx || nearest[client_idx] >= value) continue;
            nearest[client_idx] = value;
            twins[client_idx] = view.ledger.clients[other_idx].text();
        }
    DetectorScores scores = scored_cosine(view.ledger, "duplicate", nearest, Side::high);
    scores.detail = std::move(twins);
    return scores;
}

DetectorScores score_outliers(const RoundView& view)
{
    HdbscanOptions options;
    options.min_cluster_size = std::max<std::size_t>(2, view.n / 4);
    options.min_samples = std::max<std::size_t>(1, view.n / 10);
    options.allow_single_cluster = true;
    const auto clustering = hdbscan(cosine_distances(view.ledger), view.n, options);
    std::vector<double> outliers =
        clustering ? clustering->outlier_scores : std::vector<double>(view.n, not_applicable);
    std::vector<double> measured = outliers;
    return scored(view.ledger, "hdbscan-outlier", std::move(outliers), measured, 0.05, Side::high);
}

DetectorScores score_spectral(const RoundView& view)
{
    // The leading eigenvector of the residuals' Gram matrix by power iteration, from a start that no client's order
    // favours: the residual lengths themselves.
    constexpr int iterations = 60;
    const std::size_t n = view.n;
    std::vector<double> axis(n);
    for (std::size_t idx = 0; idx < n; ++idx)
        axis[idx] = std::sqrt(std::max(view.residual_gram[idx * n + idx], 0.0)) * (idx % 2 == 0 ? 1.0 : 0.9);
    double value = 0;
    for (int iteration = 0; iteration < iterations; ++iteration) {
        std::vector<double> next(n, 0.0);
        for (std::size_t row = 0; row < n; ++row)
            for (std::size_t column = 0; column < n; ++column)
                next[row] += view.residual_gram[row * n + column] * axis[column];
        double square = 0;
        for (const double entry : next) square += entry * entry;
        value = std::sqrt(square);
        if (!(value > 0)) break;
        for (double& entry : next) entry /= value;
        axis = std::move(next);
    }
    // Along the axis a client lies at √λ u_i. Its sign is chance: the longest arm points to positive values.
    const auto longest =
        std::max_element(axis.begin(), axis.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });
    const double arm = value > 0 ? (*longest < 0 ? -std::sqrt(value) : std::sqrt(value)) : 0.0;
    std::vector<double> places, relative;
    for (const double entry : axis) {
        places.push_back(entry * arm);
        relative.push_back(view.median_length > 0 ? entry * arm / view.median_length : 0.0);
    }
    return scored(view.ledger, "spectral", places, relative, 0.05, Side::both);
}

DetectorScores score_reference(const RoundView& view)
{
    std::vector<double> cosines(view.n, not_applicable);
    if (view.ledger.has_reference) {
        const std::vector<double> products = view.ledger.total(&RoundLedger::PerLayer::reference_products);
        const double square = view.ledger.total(&RoundLedger::PerLayer::reference_square);
        for (std::size_t client_idx = 0; client_idx < view.n && client_idx < products.size(); ++client_idx)
            cosines[client_idx] =
                cosine_of(products[client_idx], view.lengths[client_idx] * view.lengths[client_idx], square);
    }
    return scored_cosine(view.ledger, "reference-cosine", cosines, Side::low);
}

}  // namespace fedsleuth::analysis
