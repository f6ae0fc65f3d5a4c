// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/privacy/claims.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace fedsleuth::analysis {

using model::RoundNo;

namespace {

/// The round in which a claim that keeps its recent pace (of its last five rounds) passes the budget.
std::optional<RoundNo> forecast_of(const ClientBudget& client, double budget)
{
    constexpr std::size_t recent = 5;
    if (client.exhausted_in || client.series.size() < 2) return std::nullopt;
    const auto& [last_round, last] = client.series.back();
    const auto& [from_round, from] = client.series[client.series.size() - std::min(recent + 1, client.series.size())];
    const double rounds = static_cast<double>(last_round.value() - from_round.value());
    if (rounds <= 0 || last <= from) return std::nullopt;
    const double pace = (last - from) / rounds;
    const double ahead = std::floor((budget - last) / pace) + 1;
    if (!(ahead < 1e6)) return std::nullopt;
    return RoundNo{last_round.value() + static_cast<std::int64_t>(ahead)};
}

}  // namespace

model::Result<PrivacyClaims> privacy_claims(model::CaseStore& store)
{
    FEDSLEUTH_TRY(const model::Federation federation, store.federation());
    FEDSLEUTH_TRY(const std::vector<model::Client> clients, store.clients());
    FEDSLEUTH_TRY(const std::vector<model::Update> updates, store.updates());

    PrivacyClaims claims;
    if (federation.privacy) {
        claims.declared = true;
        claims.delta = federation.privacy->delta;
        claims.budget = federation.privacy->epsilon_budget;
    }
    std::map<model::ClientId, ClientBudget> budgets;
    for (const model::Client& client : clients) budgets[client.id].client = client.id;
    for (const model::Update& update : updates) {
        if (update.reference) continue;
        ClientBudget& budget = budgets[update.client];
        budget.client = update.client;
        ++budget.rounds;
        if (!update.privacy || !update.privacy->epsilon || !std::isfinite(*update.privacy->epsilon)) continue;
        claims.declared = true;
        if (!claims.delta && update.privacy->delta) claims.delta = update.privacy->delta;
        ++budget.rounds_with_claim;
        const double epsilon = *update.privacy->epsilon;
        budget.epsilon_claimed = update.privacy->cumulative ? epsilon : budget.epsilon_claimed.value_or(0) + epsilon;
        budget.series.emplace_back(update.round, *budget.epsilon_claimed);
        if (claims.budget && *budget.epsilon_claimed > *claims.budget && !budget.exhausted_in)
            budget.exhausted_in = update.round;
    }
    for (auto& [id, budget] : budgets) {
        if (claims.budget) budget.forecast = forecast_of(budget, *claims.budget);
        claims.clients.push_back(std::move(budget));
    }
    return claims;
}

}  // namespace fedsleuth::analysis
