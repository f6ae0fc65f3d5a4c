// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/case_store.h"
#include "model/result.h"

#include <optional>
#include <utility>
#include <vector>

namespace fedsleuth::analysis {

/// What one client says that it has spent.
struct ClientBudget {
    model::ClientId client;
    std::int64_t rounds = 0;                ///< that it took part in
    std::int64_t rounds_with_claim = 0;
    std::optional<double> epsilon_claimed;  ///< after its last round; per-round claims are added up
    std::vector<std::pair<model::RoundNo, double>> series;  ///< cumulated claim after each round with one
    std::optional<model::RoundNo> exhausted_in;             ///< first round in which the claim exceeds the budget
    std::optional<model::RoundNo> forecast;  ///< round in which it will, at the pace of its last rounds; none without a budget or pace
};

struct PrivacyClaims {
    bool declared = false;  ///< the federation declares a mechanism, or some client claims something
    std::optional<double> delta;
    std::optional<double> budget;  ///< ε
    std::vector<ClientBudget> clients;  ///< by id
};

/// Cumulates the claims of every client and holds them against the declared budget.
[[nodiscard]] model::Result<PrivacyClaims> privacy_claims(model::CaseStore& store);

}  // namespace fedsleuth::analysis
