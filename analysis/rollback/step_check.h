// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/detection/server_step.h"
#include "analysis/rollback/round_rule.h"

#include <span>
#include <vector>

namespace fedsleuth::analysis {

/// Redoes the shipped steps that the ledger alone can't: those of every declared rule of the registry but the plain
/// weighted mean, with the declared parameters, server learning rate and server momentum (`server_momentum`: s_t = rate
/// · A(D) + β · s_{t−1}). Where the rule as its paper has it does not give the step, the readings of other
/// implementations are tried (variants). Sets `residual` of each step that could be redone. Not redone, so without a
/// residual: rules that draw numbers whose seed is not on record, and add noise; rounds with updates that can't be
/// read, or without what the rule needs. Streams, with the memory of a block of coordinates.
/// Errors: those of the doors; cancelled.
[[nodiscard]] model::Result<void> check_steps(model::CaseStore& store, model::UpdateSource& source,
                                              const model::Federation& federation,
                                              const std::vector<model::Update>& updates, std::vector<ServerStep>& steps,
                                              model::Progress& progress);

/// |shipped − (rule's step + momentum · the step before)| / |shipped| of one round; both steps must be there.
[[nodiscard]] model::Result<double> step_residual(const RoundRule& rule, const RoundCast& cast, double momentum,
                                                  model::UpdateSource& source, model::Progress& progress);

/// For each step that is not what the declared rule gives: looks for what does give it, and says so in `instead`. In
/// this order: the same mean with other weights (equal, by examples), another server learning rate,
/// without one client or two; any weights that are not negative (by least squares on the Gram matrix); any weights; the
/// other rules of the registry with usual parameters. Where nothing does, the direction of the step: the client that it
/// is most like. Looks at the first `most_searched` of such steps.
[[nodiscard]] model::Result<void> search_steps(model::CaseStore& store, model::UpdateSource& source,
                                               const model::Federation& federation,
                                               const std::vector<model::Update>& updates,
                                               std::vector<ServerStep>& steps, model::Progress& progress);
inline constexpr std::size_t most_searched = 20;

}  // namespace fedsleuth::analysis
