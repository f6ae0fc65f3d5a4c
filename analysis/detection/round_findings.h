// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/detection/server_step.h"
#include "model/checkpoint.h"
#include "model/finding.h"
#include "model/round.h"

#include <vector>

namespace fedsleuth::analysis {

/// What the rounds themselves say: a checkpoint that is not what the updates give, a step of the global model far
/// longer than all others, accuracy that fell. `steps` by round.
[[nodiscard]] std::vector<model::Finding> round_findings(const std::vector<model::Round>& rounds,
                                                         const std::vector<model::Checkpoint>& checkpoints,
                                                         const std::vector<ServerStep>& steps);

}  // namespace fedsleuth::analysis
