// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/detection/robust.h"
#include "analysis/detection/round_detectors.h"
#include "analysis/detection/scoring.h"

#include <algorithm>
#include <cmath>

namespace fedsleuth::analysis {

using model::DetectorScores;
using model::RoundLedger;

namespace {

constexpr double widest_z = 6;  // one coordinate of a profile counts at most this much

/// How far each client's profile (n × m, row-major, NaN where it has none) lies from the crowd's: the root mean square
/// of its robust z-scores, each held within ±widest_z. `farthest` gets the coordinate that stands out most.
std::vector<double> profile_distances(const std::vector<double>& profile, std::size_t n, std::size_t m, double floor,
                                      std::vector<std::size_t>& farthest)
{
    std::vector<double> squares(n, 0.0), most(n, -1.0);
    std::vector<std::size_t> counted(n, 0);
    farthest.assign(n, 0);
    std::vector<double> column(n);
    for (std::size_t column_idx = 0; column_idx < m; ++column_idx) {
        for (std::size_t client_idx = 0; client_idx < n; ++client_idx)
            column[client_idx] = profile[client_idx * m + column_idx];
        const std::vector<double> z = robust_z(column, crowd_of(column, floor));
        for (std::size_t client_idx = 0; client_idx < n; ++client_idx) {
            if (std::isnan(z[client_idx])) continue;
            const double held = std::min(std::abs(z[client_idx]), widest_z);
            squares[client_idx] += held * held;
            ++counted[client_idx];
            if (held > most[client_idx]) {
                most[client_idx] = held;
                farthest[client_idx] = column_idx;
            }
        }
    }
    std::vector<double> distances(n, not_applicable);
    for (std::size_t client_idx = 0; client_idx < n; ++client_idx)
        if (counted[client_idx] > 0)
            distances[client_idx] = std::sqrt(squares[client_idx] / static_cast<double>(counted[client_idx]));
    return distances;
}

std::vector<double> logs_of(const std::vector<double>& values)
{
    std::vector<double> out;
    for (const double value : values)
        out.push_back(std::isnan(value) ? not_applicable : std::log(std::max(value, 1e-3)));
    return out;
}

double logit(double share)
{
    constexpr double edge = 1e-6;
    const double held = std::clamp(share, edge, 1 - edge);
    return std::log(held / (1 - held));
}

/// The rows that say most of the outputs: the weights for energies, the bias for sums; nothing where there are none.
const RoundLedger::OutputRows* rows_of(const RoundLedger& ledger, bool bias)
{
    const RoundLedger::OutputRows* best = nullptr;
    for (const RoundLedger::OutputRows& rows : ledger.output_rows)
        if (!best || rows.bias == bias) best = &rows;
    return best && best->outputs > 1 ? best : nullptr;
}

DetectorScores scored_shares(const RoundView& view, std::string_view name, const std::vector<double>& shares)
{
    std::vector<double> measured;
    for (const double share : shares) measured.push_back(std::isnan(share) ? not_applicable : logit(share));
    return scored(view.ledger, name, shares, measured, 0.05, Side::both);
}

}  // namespace

std::optional<std::size_t> head_layer(const RoundLedger& ledger)
{
    if (ledger.layers.size() < 2) return std::nullopt;
    for (const RoundLedger::OutputRows& rows : ledger.output_rows)
        if (!rows.bias && rows.layer_idx < ledger.layers.size()) return rows.layer_idx;
    return std::nullopt;
}

DetectorScores score_kurtosis(const RoundView& view)
{
    std::vector<double> kurtosis(view.n, not_applicable);
    for (std::size_t client_idx = 0; client_idx < view.n; ++client_idx) {
        const double square = view.gram[client_idx * view.n + client_idx];
        if (square > 0)
            kurtosis[client_idx] = static_cast<double>(view.ledger.coordinates) *
                                   view.ledger.fourth_powers[client_idx] / (square * square);
    }
    std::vector<double> measured;
    for (const double value : kurtosis)
        measured.push_back(std::isnan(value) ? not_applicable : std::log(std::max(value, 1e-300)));
    return scored(view.ledger, "kurtosis", kurtosis, measured, 0.05, Side::both);
}

DetectorScores score_quiet_energy(const RoundView& view)
{
    const std::vector<double> quiet = view.ledger.total(&RoundLedger::PerLayer::quiet_squares);
    std::vector<double> shares(view.n, not_applicable);
    for (std::size_t client_idx = 0; client_idx < view.n && client_idx < quiet.size(); ++client_idx) {
        const double square = view.gram[client_idx * view.n + client_idx];
        if (square > 0) shares[client_idx] = std::clamp(quiet[client_idx] / square, 0.0, 1.0);
    }
    return scored_shares(view, "quiet-energy", shares);
}

DetectorScores score_frequency(const RoundView& view)
{
    const std::vector<double> slow = view.ledger.total(&RoundLedger::PerLayer::slow_products);
    const double slow_square = view.ledger.total(&RoundLedger::PerLayer::slow_square);
    std::vector<double> differences(view.n, not_applicable), measured(view.n, not_applicable);
    for (std::size_t client_idx = 0; client_idx < view.n && client_idx < slow.size(); ++client_idx) {
        const double square = view.gram[client_idx * view.n + client_idx];
        const double with_slow = cosine_of(slow[client_idx], square, slow_square);
        const double with_fast =
            cosine_of(view.to_median[client_idx] - slow[client_idx], square, view.median_square - slow_square);
        differences[client_idx] = with_slow - with_fast;
        measured[client_idx] = fisher(with_slow) - fisher(with_fast);
    }
    return scored(view.ledger, "frequency", differences, measured, 0.03, Side::both);
}

DetectorScores score_layer_profile(const RoundView& view)
{
    std::vector<std::size_t> used;
    for (std::size_t layer_idx = 0; layer_idx < view.ledger.layers.size(); ++layer_idx)
        if (view.ledger.layers[layer_idx].sign_compared > 0) used.push_back(layer_idx);
    std::vector<double> distances(view.n, not_applicable);
    std::vector<std::size_t> farthest(view.n, 0);
    if (used.size() > 1) {
        std::vector<double> profile(view.n * used.size(), not_applicable);
        for (std::size_t client_idx = 0; client_idx < view.n; ++client_idx) {
            const std::size_t diagonal = client_idx * view.n + client_idx;
            if (!(view.gram[diagonal] > 0)) continue;
            for (std::size_t place = 0; place < used.size(); ++place)
                profile[client_idx * used.size() + place] =
                    0.5 *
                    std::log(std::max(view.ledger.layers[used[place]].gram[diagonal] / view.gram[diagonal], 1e-9));
        }
        distances = profile_distances(profile, view.n, used.size(), 0.03, farthest);
    }
    DetectorScores scores = scored(view.ledger, "layer-profile", distances, logs_of(distances), 0.1, Side::high);
    for (const std::size_t place : farthest)
        scores.detail.push_back(used.empty() ? "" : "layer " + std::to_string(used[place] + 1));
    return scores;
}

DetectorScores score_output_profile(const RoundView& view)
{
    std::vector<double> distances(view.n, not_applicable);
    std::vector<std::size_t> farthest(view.n, 0);
    const RoundLedger::OutputRows* rows = rows_of(view.ledger, false);
    if (rows) {
        const std::size_t m = rows->outputs;
        std::vector<double> profile(view.n * m, not_applicable);
        for (std::size_t client_idx = 0; client_idx < view.n; ++client_idx) {
            double total = 0;
            for (std::size_t output = 0; output < m; ++output) total += rows->squares[client_idx * m + output];
            if (!(total > 0)) continue;
            for (std::size_t output = 0; output < m; ++output)
                profile[client_idx * m + output] =
                    0.5 * std::log(std::max(rows->squares[client_idx * m + output] / total, 1e-6));
        }
        distances = profile_distances(profile, view.n, m, 0.05, farthest);
    }
    DetectorScores scores = scored(view.ledger, "output-profile", distances, logs_of(distances), 0.1, Side::high);
    for (const std::size_t output : farthest) scores.detail.push_back(std::to_string(output));
    return scores;
}

DetectorScores score_output_lean(const RoundView& view)
{
    std::vector<double> distances(view.n, not_applicable);
    std::vector<std::size_t> farthest(view.n, 0);
    const RoundLedger::OutputRows* rows = rows_of(view.ledger, true);
    if (rows) {
        const std::size_t m = rows->outputs;
        std::vector<double> profile(view.n * m, not_applicable);
        for (std::size_t client_idx = 0; client_idx < view.n; ++client_idx)
            for (std::size_t output = 0; output < m && view.median_length > 0; ++output)
                profile[client_idx * m + output] = rows->sums[client_idx * m + output] / view.median_length;
        distances = profile_distances(profile, view.n, m, 1e-4, farthest);
    }
    DetectorScores scores = scored(view.ledger, "output-lean", distances, logs_of(distances), 0.1, Side::high);
    for (const std::size_t output : farthest) scores.detail.push_back(std::to_string(output));
    return scores;
}

DetectorScores score_head_share(const RoundView& view)
{
    std::vector<double> shares(view.n, not_applicable);
    const auto head = head_layer(view.ledger);
    for (std::size_t client_idx = 0; head && client_idx < view.n; ++client_idx) {
        const std::size_t diagonal = client_idx * view.n + client_idx;
        if (view.gram[diagonal] > 0)
            shares[client_idx] = std::clamp(view.ledger.layers[*head].gram[diagonal] / view.gram[diagonal], 0.0, 1.0);
    }
    return scored_shares(view, "head-share", shares);
}

DetectorScores score_head_cosine(const RoundView& view)
{
    std::vector<double> cosines(view.n, not_applicable);
    if (const auto head = head_layer(view.ledger)) {
        const RoundLedger::PerLayer& layer = view.ledger.layers[*head];
        for (std::size_t client_idx = 0; client_idx < view.n; ++client_idx)
            cosines[client_idx] = cosine_of(layer.median_products[client_idx],
                                            layer.gram[client_idx * view.n + client_idx], layer.median_square);
    }
    return scored_cosine(view.ledger, "head-cosine", cosines, Side::both);
}

}  // namespace fedsleuth::analysis
