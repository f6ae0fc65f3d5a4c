// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/ledger_geometry.h"

#include <algorithm>

namespace fedsleuth::analysis {
namespace {

using model::RoundLedger;

/// Every `stride`-th entry from `first` on, at the places given.
std::vector<double> at_places(const std::vector<double>& values, const std::vector<std::size_t>& places,
                              std::size_t stride = 1, std::size_t first = 0)
{
    std::vector<double> chosen;
    chosen.reserve(places.size());
    for (const std::size_t place : places) chosen.push_back(values[place * stride + first]);
    return chosen;
}

std::optional<SideVector> previous_step(const RoundLedger& ledger, const std::vector<std::size_t>& places)
{
    if (ledger.step_rounds.empty() || ledger.step_rounds.front() != ledger.round.before()) return std::nullopt;
    const std::size_t window = ledger.step_rounds.size();
    return SideVector{at_places(ledger.total(&RoundLedger::PerLayer::step_products), places, window),
                      ledger.total(&RoundLedger::PerLayer::step_squares).front()};
}

/// Shares of positive, zero and negative coordinates, n × 3; nothing where the ledger did not count them.
std::vector<double> sign_shares(const RoundLedger& ledger, const std::vector<std::size_t>& places)
{
    if (ledger.coordinates <= 0 || ledger.positive.size() != ledger.size()) return {};
    const auto all = static_cast<double>(ledger.coordinates);
    std::vector<double> shares;
    shares.reserve(3 * places.size());
    for (const std::size_t place : places)
        for (const auto* counts : {&ledger.positive, &ledger.zero, &ledger.negative})
            shares.push_back(static_cast<double>((*counts)[place]) / all);
    return shares;
}

}  // namespace

RoundGeometry geometry_at(const RoundLedger& ledger, const std::vector<std::size_t>& places)
{
    RoundGeometry geometry;
    const std::size_t n = geometry.n = places.size();
    const std::vector<double> gram = ledger.total_gram();
    geometry.gram.reserve(n * n);
    for (const std::size_t place : places)
        for (const std::size_t other : places) geometry.gram.push_back(gram[place * ledger.size() + other]);
    geometry.num_examples.assign(n, 1.0);
    if (ledger.has_reference)
        geometry.reference = SideVector{at_places(ledger.total(&RoundLedger::PerLayer::reference_products), places),
                                        ledger.total(&RoundLedger::PerLayer::reference_square)};
    if (ledger.has_model)
        geometry.model = SideVector{at_places(ledger.total(&RoundLedger::PerLayer::model_products), places),
                                    ledger.total(&RoundLedger::PerLayer::model_square)};
    geometry.previous = previous_step(ledger, places);
    geometry.signs = sign_shares(ledger, places);
    return geometry;
}

LedgerRound round_geometry(const RoundLedger& ledger, std::span<const double> num_examples,
                           std::span<const model::ClientId> exclude)
{
    LedgerRound result;
    for (std::size_t place = 0; place < ledger.size(); ++place) {
        if (std::find(exclude.begin(), exclude.end(), ledger.clients[place]) != exclude.end()) continue;
        result.clients.push_back(ledger.clients[place]);
        result.places.push_back(place);
    }
    result.geometry = geometry_at(ledger, result.places);
    if (!num_examples.empty())
        for (std::size_t client_idx = 0; client_idx < result.places.size(); ++client_idx)
            result.geometry.num_examples[client_idx] = num_examples[result.places[client_idx]];
    return result;
}

}  // namespace fedsleuth::analysis
