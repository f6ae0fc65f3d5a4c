// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/detection/round_detectors.h"
#include "analysis/detection/score_round.h"
#include "analysis/detection/scoring.h"

#include <algorithm>
#include <cmath>

namespace fedsleuth::analysis {

using model::DetectorScores;
using model::RoundLedger;

namespace {

/// The highest cosine of each client with any of some earlier vectors, and which one that was.
struct Highest {
    std::vector<double> value;
    std::vector<std::string> what;

    explicit Highest(std::size_t n) : value(n, not_applicable), what(n) {}
    void offer(std::size_t client_idx, double cosine, const std::string& name)
    {
        if (std::isnan(cosine) || value[client_idx] >= cosine) return;
        value[client_idx] = cosine;
        what[client_idx] = name;
    }
};

/// Offers the cosines with the last `window` global steps.
void offer_steps(const RoundView& view, std::size_t window, Highest& highest)
{
    const std::size_t k = view.ledger.step_rounds.size();
    const std::vector<double> products = view.ledger.total(&RoundLedger::PerLayer::step_products);
    const std::vector<double> squares = view.ledger.total(&RoundLedger::PerLayer::step_squares);
    for (std::size_t which = 0; which < std::min(k, window); ++which) {
        const std::string name = "the global step of round " + std::to_string(view.ledger.step_rounds[which].value());
        for (std::size_t client_idx = 0; client_idx < view.n; ++client_idx)
            highest.offer(client_idx,
                          cosine_of(products[client_idx * k + which],
                                    view.lengths[client_idx] * view.lengths[client_idx], squares[which]),
                          name);
    }
}

}  // namespace

DetectorScores score_own_drift(const RoundView& view)
{
    return scored_cosine(view.ledger, "drift-own", view.own_cosines, Side::low);
}

DetectorScores score_global_drift(const RoundView& view)
{
    Highest followed(view.n);
    offer_steps(view, drift_steps, followed);
    DetectorScores scores = scored_cosine(view.ledger, "drift-global", followed.value, Side::both);
    scores.detail = std::move(followed.what);
    return scores;
}

DetectorScores score_recycled(const RoundView& view)
{
    Highest copied(view.n);
    for (std::size_t client_idx = 0; client_idx < view.n; ++client_idx)
        if (view.ledger.own_rounds[client_idx])
            copied.offer(client_idx, view.own_cosines[client_idx],
                         "its own update of round " + std::to_string(view.ledger.own_rounds[client_idx]->value()));
    offer_steps(view, RoundLedger::step_window, copied);
    DetectorScores scores = scored_cosine(view.ledger, "recycled", copied.value, Side::high);
    scores.detail = std::move(copied.what);
    return scores;
}

DetectorScores score_temporal_sign(const RoundView& view)
{
    std::vector<double> share(view.n, not_applicable);
    for (std::size_t client_idx = 0; client_idx < view.n; ++client_idx) {
        std::int64_t equal = 0, compared = 0;
        for (const RoundLedger::PerLayer& layer : view.ledger.layers) {
            if (client_idx >= layer.own_sign_compared.size()) continue;
            equal += layer.own_sign_equal[client_idx];
            compared += layer.own_sign_compared[client_idx];
        }
        if (compared > 0) share[client_idx] = static_cast<double>(equal) / static_cast<double>(compared);
    }
    return scored(view.ledger, "temporal-sign", share, share, 0.01, Side::both);
}

DetectorScores score_model_pull(const RoundView& view)
{
    std::vector<double> cosines(view.n, not_applicable);
    if (view.ledger.has_model) {
        const std::vector<double> products = view.ledger.total(&RoundLedger::PerLayer::model_products);
        const double square = view.ledger.total(&RoundLedger::PerLayer::model_square);
        for (std::size_t client_idx = 0; client_idx < view.n && client_idx < products.size(); ++client_idx)
            cosines[client_idx] =
                cosine_of(products[client_idx], view.lengths[client_idx] * view.lengths[client_idx], square);
    }
    return scored_cosine(view.ledger, "model-pull", cosines, Side::both);
}

}  // namespace fedsleuth::analysis
