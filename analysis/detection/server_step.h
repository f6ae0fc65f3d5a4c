// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/federation.h"
#include "model/round_ledger.h"
#include "model/update.h"

#include <optional>
#include <string>
#include <vector>

namespace fedsleuth::analysis {

/// What a round's ledger says about the step that the server shipped.
struct ServerStep {
    model::RoundNo round;
    double shipped = 0;  ///< |w_r − w_{r−1}|
    std::optional<double>
        residual;  ///< |shipped − recomputed| / |shipped|; nothing where the rule can't be recomputed from the ledger
    /// What does give a step that the declared rule does not (a sentence, and its kind for programs: "weights",
    /// "excluded", "solved-weights", "signed-weights", "rule", "nothing"), and the clients whom it is about. Empty until
    /// it was looked for.
    std::string instead, instead_kind;
    std::vector<model::ClientId> instead_clients;
    std::vector<double> weights;  ///< n: of the declared weighted mean, server learning rate included; empty likewise
};

/// Recomputes the shipped step as the declared weighted mean of the round's accepted updates (FedAvg, by examples,
/// equal or by the recorded weights). Needs the ledger only: |s − Σ w_i D_i|² = |s|² − 2 Σ w_i ⟨D_i, s⟩ + wᵀGw. That
/// cancels to about 1e-7 of |s|, and float32 checkpoints round at about 1e-5: `tolerated_residual` lies well above
/// both. Nothing where the round has no pair of checkpoints. `missing` is the number of accepted updates that are not
/// in the ledger (unreadable): the step then can't be recomputed.
[[nodiscard]] std::optional<ServerStep> server_step(const model::RoundLedger& ledger,
                                                    const model::Aggregation& aggregation,
                                                    const std::vector<const model::Update*>& updates);

inline constexpr double tolerated_residual = 1e-3;

}  // namespace fedsleuth::analysis
