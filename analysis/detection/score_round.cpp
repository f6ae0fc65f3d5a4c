// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/detection/score_round.h"

#include "analysis/clustering/hdbscan.h"
#include "analysis/detection/geometry.h"
#include "analysis/detection/robust.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

namespace fedsleuth::analysis {

using model::DetectorScores;
using model::RoundLedger;

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

double cosine(double product, double square_a, double square_b)
{
    const double scale = std::sqrt(square_a * square_b);
    return scale > 0 ? std::clamp(product / scale, -1.0, 1.0) : nan;
}

enum class Side { both, low, high };

/// Scores from a statistic; `measured` is the same statistic on the scale where its spread is even.
DetectorScores scored(const RoundLedger& ledger, std::string_view name, std::vector<double> statistic,
                      const std::vector<double>& measured, double floor, Side side)
{
    DetectorScores scores;
    scores.round = ledger.round;
    scores.detector = name;
    scores.clients = ledger.clients;
    const Crowd crowd = crowd_of(measured, floor);
    scores.z = robust_z(measured, crowd);
    scores.location = median_of(statistic);
    scores.scale = crowd.scale;
    scores.statistic = std::move(statistic);
    for (const double z : scores.z) {
        const bool counts = side == Side::both || (side == Side::low ? z < 0 : z > 0);
        scores.evidence.push_back(counts ? evidence_of(z) : 0.0);
    }
    return scores;
}

DetectorScores scored_cosine(const RoundLedger& ledger, std::string_view name, const std::vector<double>& cosines,
                             Side side)
{
    std::vector<double> measured;
    for (const double value : cosines) measured.push_back(std::isnan(value) ? nan : fisher(value));
    return scored(ledger, name, cosines, measured, 0.05, side);
}

/// Krum's score with f = a fifth of the clients: Σ of the n − f − 2 smallest squared distances (Blanchard et al.,
/// 2017).
std::vector<double> krum_distances(const std::vector<double>& distances, std::size_t n)
{
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
    return out;
}

std::vector<double> logs(const std::vector<double>& values)
{
    std::vector<double> out;
    for (const double value : values) out.push_back(std::log(std::max(value, 1e-300)));
    return out;
}

/// Cosines of every update with the `which`-th previous global step.
std::vector<double> step_cosines(const RoundLedger& ledger, const std::vector<double>& lengths,
                                 const std::vector<double>& products, const std::vector<double>& squares,
                                 std::size_t which)
{
    const std::size_t k = ledger.step_rounds.size();
    std::vector<double> out;
    for (std::size_t client_idx = 0; client_idx < ledger.size(); ++client_idx)
        out.push_back(
            cosine(products[client_idx * k + which], lengths[client_idx] * lengths[client_idx], squares[which]));
    return out;
}

DetectorScores score_outliers(const RoundLedger& ledger)
{
    const std::size_t n = ledger.size();
    HdbscanOptions options;
    options.min_cluster_size = std::max<std::size_t>(2, n / 4);
    options.min_samples = std::max<std::size_t>(1, n / 10);
    options.allow_single_cluster = true;
    const auto clustering = hdbscan(cosine_distances(ledger), n, options);
    std::vector<double> outliers = clustering ? clustering->outlier_scores : std::vector<double>(n, nan);
    std::vector<double> measured = outliers;
    return scored(ledger, "hdbscan-outlier", std::move(outliers), measured, 0.05, Side::high);
}

}  // namespace

std::vector<double> residual_cosines(const RoundLedger& ledger)
{
    const std::size_t n = ledger.size();
    const std::vector<double> gram = ledger.total_gram();
    const std::vector<double> to_median = ledger.total(&RoundLedger::PerLayer::median_products);
    const double median_square = ledger.total(&RoundLedger::PerLayer::median_square);
    const auto product = [&](std::size_t a, std::size_t b) {
        return gram[a * n + b] - to_median[a] - to_median[b] + median_square;
    };
    std::vector<double> cosines(n * n, 0.0);
    for (std::size_t row = 0; row < n; ++row) {
        // A residual that is rounding only has no direction.
        const double square = product(row, row);
        if (square <= 1e-12 * gram[row * n + row]) continue;
        for (std::size_t column = 0; column < n; ++column) {
            const double other = product(column, column);
            if (column == row || other <= 1e-12 * gram[column * n + column]) continue;
            cosines[row * n + column] = std::clamp(product(row, column) / std::sqrt(square * other), -1.0, 1.0);
        }
    }
    return cosines;
}

std::vector<DetectorScores> score_round(const RoundLedger& ledger)
{
    const std::size_t n = ledger.size();
    if (n < smallest_crowd) return {};
    std::vector<DetectorScores> all;
    const std::vector<double> lengths = norms(ledger);

    all.push_back(scored(ledger, "norm", lengths, logs(lengths), 0.05, Side::both));

    const std::vector<double> to_median = ledger.total(&RoundLedger::PerLayer::median_products);
    const double median_square = ledger.total(&RoundLedger::PerLayer::median_square);
    std::vector<double> median_cosines;
    for (std::size_t client_idx = 0; client_idx < n; ++client_idx)
        median_cosines.push_back(
            cosine(to_median[client_idx], lengths[client_idx] * lengths[client_idx], median_square));
    all.push_back(scored_cosine(ledger, "cosine-median", median_cosines, Side::both));

    const std::vector<double> agreement = ledger.sign_agreement();
    all.push_back(scored(ledger, "sign-agreement", agreement, agreement, 0.01, Side::both));

    const std::vector<double> own = ledger.total(&RoundLedger::PerLayer::own_products);
    const std::vector<double> own_squares = ledger.total(&RoundLedger::PerLayer::own_squares);
    std::vector<double> own_cosines(n, nan);
    for (std::size_t client_idx = 0; client_idx < n; ++client_idx)
        if (ledger.own_rounds[client_idx])
            own_cosines[client_idx] =
                cosine(own[client_idx], lengths[client_idx] * lengths[client_idx], own_squares[client_idx]);
    all.push_back(scored_cosine(ledger, "drift-own", own_cosines, Side::low));

    const std::size_t k = ledger.step_rounds.size();
    const std::vector<double> step_products = ledger.total(&RoundLedger::PerLayer::step_products);
    const std::vector<double> step_squares = ledger.total(&RoundLedger::PerLayer::step_squares);
    std::vector<double> followed(n, nan);
    std::vector<double> recycled(n, nan);
    std::vector<std::string> followed_what(n), recycled_what(n);
    for (std::size_t client_idx = 0; client_idx < n; ++client_idx) {
        if (std::isnan(own_cosines[client_idx])) continue;
        recycled[client_idx] = own_cosines[client_idx];
        recycled_what[client_idx] = "its own update of round " + std::to_string(ledger.own_rounds[client_idx]->value());
    }
    for (std::size_t which = 0; which < k; ++which) {
        const std::vector<double> cosines = step_cosines(ledger, lengths, step_products, step_squares, which);
        const std::string step = "the global step of round " + std::to_string(ledger.step_rounds[which].value());
        for (std::size_t client_idx = 0; client_idx < n; ++client_idx) {
            const double value = cosines[client_idx];
            if (std::isnan(value)) continue;
            if (which < drift_steps && !(followed[client_idx] >= value)) {
                followed[client_idx] = value;
                followed_what[client_idx] = step;
            }
            if (!(recycled[client_idx] >= value)) {
                recycled[client_idx] = value;
                recycled_what[client_idx] = step;
            }
        }
    }
    all.push_back(scored_cosine(ledger, "drift-global", followed, Side::both));
    all.back().detail = followed_what;

    const std::vector<double> distances = euclidean_distances(ledger);
    const std::vector<double> krum = krum_distances(distances, n);
    all.push_back(scored(ledger, "krum-distance", krum, logs(krum), 0.05, Side::both));

    const std::vector<double> residuals = residual_cosines(ledger);
    std::vector<double> nearest(n, nan);
    std::vector<std::string> twins(n);
    for (std::size_t client_idx = 0; client_idx < n; ++client_idx)
        for (std::size_t other_idx = 0; other_idx < n; ++other_idx) {
            const double value = residuals[client_idx * n + other_idx];
            if (other_idx == client_idx || nearest[client_idx] >= value) continue;
            nearest[client_idx] = value;
            twins[client_idx] = ledger.clients[other_idx].text();
        }
    all.push_back(scored_cosine(ledger, "duplicate", nearest, Side::high));
    all.back().detail = twins;

    all.push_back(scored_cosine(ledger, "recycled", recycled, Side::high));
    all.back().detail = recycled_what;

    all.push_back(score_outliers(ledger));
    return all;
}

double round_suspicion(const std::vector<DetectorScores>& scores)
{
    if (scores.empty()) return std::numeric_limits<double>::quiet_NaN();
    std::map<model::ClientId, double> evidence_of;
    for (const DetectorScores& detector : scores)
        for (std::size_t client_idx = 0; client_idx < detector.clients.size() && client_idx < detector.evidence.size();
             ++client_idx)
            if (detector.evidence[client_idx] > 0)  // not a NaN either
                evidence_of[detector.clients[client_idx]] += detector.evidence[client_idx];
    double highest = 0;
    for (const auto& [client, evidence] : evidence_of) highest = std::max(highest, evidence);
    return highest;
}

}  // namespace fedsleuth::analysis
