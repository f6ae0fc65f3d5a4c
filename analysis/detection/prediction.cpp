// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/detection/prediction.h"

#include "analysis/detection/robust.h"
#include "analysis/detection/scoring.h"
#include "analysis/kernels/curvature.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

namespace fedsleuth::analysis {

using model::DetectorScores;
using model::RoundLedger;

namespace {

/// J s₀ over the ledger's steps, s₀ the latest: of all steps that follow each other without a gap.
std::vector<double> change_over_steps(const RoundLedger& ledger, const std::vector<double>& step_gram)
{
    const std::size_t k = ledger.step_rounds.size();
    std::size_t consecutive = 1;
    while (consecutive < k &&
           ledger.step_rounds[consecutive].value() + 1 == ledger.step_rounds[consecutive - 1].value())
        ++consecutive;
    const std::size_t m = consecutive - 1;
    // Rows e, s₁ … s_m, g₀ … g_m of curvature_step: the deviation is the latest step, and the step of a round is both
    // what led to the next model and what that round's clients wanted.
    std::vector<std::size_t> step_of{0};
    for (std::size_t j = 1; j <= m; ++j) step_of.push_back(j);
    for (std::size_t j = 0; j <= m; ++j) step_of.push_back(j);
    std::vector<double> products;
    for (const std::size_t row : step_of)
        for (const std::size_t column : step_of) products.push_back(step_gram[row * k + column]);
    const CurvatureStep curvature = curvature_step(products, m);
    std::vector<double> change(k, 0.0);
    for (std::size_t row = 0; row < curvature.coefficients.size(); ++row)
        change[step_of[row]] += curvature.coefficients[row];
    return change;
}

}  // namespace

std::vector<double> Prediction::misses(const RoundView& view) const
{
    const RoundLedger& ledger = view.ledger;
    std::vector<double> misses(view.n, not_applicable);
    const std::size_t k = ledger.step_rounds.size();
    const std::vector<double> step_gram = ledger.total(&RoundLedger::PerLayer::step_gram);
    if (k < 2 || step_gram.size() != k * k) return misses;
    const std::vector<double> change = change_over_steps(ledger, step_gram);
    double change_square = 0;
    for (std::size_t row = 0; row < k; ++row)
        for (std::size_t column = 0; column < k; ++column)
            change_square += change[row] * change[column] * step_gram[row * k + column];

    const std::vector<double> steps = ledger.total(&RoundLedger::PerLayer::step_products);
    const std::vector<double> own = ledger.total(&RoundLedger::PerLayer::own_products);
    const std::vector<double> own_squares = ledger.total(&RoundLedger::PerLayer::own_squares);
    for (std::size_t client_idx = 0; client_idx < view.n; ++client_idx) {
        const auto last = last_.find(ledger.clients[client_idx]);
        if (last == last_.end() || last->second.round != ledger.step_rounds.front() ||
            ledger.own_rounds[client_idx] != last->second.round)
            continue;
        double now = 0, then = 0;  // ⟨D, J s₀⟩ and the same of its previous update
        bool known = true;
        for (std::size_t step_idx = 0; step_idx < k; ++step_idx) {
            if (change[step_idx] == 0) continue;
            const auto product = last->second.products.find(ledger.step_rounds[step_idx]);
            known = known && product != last->second.products.end();
            if (!known) break;
            now += change[step_idx] * steps[client_idx * k + step_idx];
            then += change[step_idx] * product->second;
        }
        if (!known) continue;
        const double square = view.gram[client_idx * view.n + client_idx] + own_squares[client_idx] + change_square -
                              2 * own[client_idx] - 2 * now + 2 * then;
        misses[client_idx] = std::sqrt(std::max(square, 0.0));
    }
    return misses;
}

DetectorScores Prediction::score(const RoundView& view)
{
    const RoundLedger& ledger = view.ledger;
    const std::vector<double> now = misses(view);
    const double middle = median_of(now);
    std::vector<double> mean(view.n, not_applicable), measured(view.n, not_applicable);
    for (std::size_t client_idx = 0; client_idx < view.n; ++client_idx) {
        if (std::isnan(now[client_idx]) || !(middle > 0)) continue;
        std::deque<double>& recent = recent_[ledger.clients[client_idx]];
        recent.push_back(now[client_idx] / middle);
        if (recent.size() > window) recent.pop_front();
        mean[client_idx] =
            std::accumulate(recent.begin(), recent.end(), 0.0) / static_cast<double>(recent.size());
        measured[client_idx] = std::log(std::max(mean[client_idx], 1e-6));
    }

    const std::size_t k = ledger.step_rounds.size();
    const std::vector<double> steps = ledger.total(&RoundLedger::PerLayer::step_products);
    const std::vector<double> shipped = ledger.total(&RoundLedger::PerLayer::shipped_products);
    for (std::size_t client_idx = 0; client_idx < view.n; ++client_idx) {
        Last& last = last_[ledger.clients[client_idx]];
        last.round = ledger.round;
        last.products.clear();
        for (std::size_t step_idx = 0; step_idx < k; ++step_idx)
            last.products[ledger.step_rounds[step_idx]] = steps[client_idx * k + step_idx];
        if (ledger.has_shipped && client_idx < shipped.size()) last.products[ledger.round] = shipped[client_idx];
    }
    return scored(ledger, "prediction-miss", mean, measured, 0.05, Side::high);
}

}  // namespace fedsleuth::analysis
