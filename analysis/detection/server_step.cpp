// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/detection/server_step.h"

#include <algorithm>
#include <cmath>

namespace fedsleuth::analysis {

namespace {

double quadratic(const std::vector<double>& gram, const std::vector<double>& weights)
{
    const std::size_t n = weights.size();
    double sum = 0;
    for (std::size_t row = 0; row < n; ++row)
        for (std::size_t column = 0; column < n; ++column)
            sum += weights[row] * gram[row * n + column] * weights[column];
    return sum;
}

/// Declared weights in the ledger's order, normalised to the server learning rate; empty where they can't be known.
std::vector<double> declared_weights(const model::RoundLedger& ledger, const model::Aggregation& aggregation,
                                     const std::vector<const model::Update*>& updates)
{
    if (aggregation.rule != "fedavg") return {};
    std::vector<double> weights(ledger.size(), 0.0);
    double total = 0;
    bool recorded = false;
    for (const model::Update* update : updates) {
        if (update->reference || update->accepted == false) continue;
        const auto place = std::find(ledger.clients.begin(), ledger.clients.end(), update->client);
        if (place == ledger.clients.end()) return {};
        double weight = 1;
        if (update->weight) {
            weight = *update->weight;
            recorded = true;
        } else if (aggregation.weighted_by == model::Weighting::num_examples) {
            if (!update->num_examples) return {};
            weight = static_cast<double>(*update->num_examples);
        }
        weights[static_cast<std::size_t>(place - ledger.clients.begin())] = weight;
        total += weight;
    }
    if (!(total > 0)) return {};
    // Recorded weights are what the server multiplied with, whatever their sum; examples are only proportions.
    const double scale = aggregation.server_learning_rate / (recorded ? 1.0 : total);
    for (double& weight : weights) weight *= scale;
    return weights;
}

}  // namespace

std::optional<ServerStep> server_step(const model::RoundLedger& ledger, const model::Aggregation& aggregation,
                                      const std::vector<const model::Update*>& updates)
{
    if (!ledger.has_shipped) return std::nullopt;
    ServerStep step;
    step.round = ledger.round;
    const double square = ledger.total(&model::RoundLedger::PerLayer::shipped_square);
    step.shipped = std::sqrt(std::max(square, 0.0));
    step.weights = declared_weights(ledger, aggregation, updates);
    if (step.weights.empty() || !(step.shipped > 0)) return step;
    const std::vector<double> products = ledger.total(&model::RoundLedger::PerLayer::shipped_products);
    double cross = 0;
    for (std::size_t client_idx = 0; client_idx < ledger.size(); ++client_idx)
        cross += step.weights[client_idx] * products[client_idx];
    const double difference = square - 2 * cross + quadratic(ledger.total_gram(), step.weights);
    step.residual = std::sqrt(std::max(difference, 0.0)) / step.shipped;
    return step;
}

}  // namespace fedsleuth::analysis
