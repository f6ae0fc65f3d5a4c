// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/rollback/counterfactual.h"

#include <optional>
#include <string>
#include <vector>

namespace fedsleuth::analysis {

/// What a replay does in one round.
struct PlannedRound {
    model::RoundNo round;
    RoundCast cast;
    bool shipped = false;                ///< the checkpoints of this round and of the one before are usable
    bool follows = false;                ///< the round before in the plan is the one before in number
    bool tampered = false;               ///< the shipped step is not what the updates give: δ is taken against it
    bool changed = false;                ///< another step than the shipped one
    std::optional<RoundRule> rest;       ///< what gives the other step; nothing: see `stands_still`
    bool stands_still = false;           ///< nobody is left, or too few for the rule: no step at all
    std::optional<RoundRule> everybody;  ///< the declared rule on the whole cast, where δ is taken against it
    /// Per removal: the declared rule without that client alone, where leaving out is not linear …
    std::vector<std::optional<RoundRule>> without;
    /// … else its place in the cast and its weight, as a share of all weights and with the server's rate.
    struct Part {
        std::size_t client_idx = 0;
        double share = 0;
        double weight = 0;
    };
    std::vector<std::optional<Part>> parts;

    /// The round's own numbers are needed, and not only its checkpoints.
    [[nodiscard]] bool reads_updates() const { return rest || everybody; }
};

struct ReplayPlan {
    model::RoundNo first;  ///< checkpoint w₀
    model::RoundNo from;
    std::vector<PlannedRound> rounds;  ///< by number, those up to `from` too (their steps tell the curvature)
    std::size_t begin = 0;             ///< index of the first round after `from`
    std::size_t active = 0;            ///< index of the first round that differs; rounds.size() where none does
    std::vector<std::string> notes;
    std::vector<model::RoundNo> not_redone;
};

[[nodiscard]] model::Result<ReplayPlan> plan_replay(model::CaseStore& store, model::UpdateSource& source,
                                                    const CounterfactualOptions& options, model::Progress& progress);

}  // namespace fedsleuth::analysis
