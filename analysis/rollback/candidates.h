// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/detection/server_step.h"
#include "model/case_store.h"
#include "model/result.h"
#include "model/rollback_candidate.h"

#include <vector>

namespace fedsleuth::analysis {

/// The checkpoints, those without metrics of their own with those of the round that made them.
[[nodiscard]] std::vector<model::Checkpoint> with_round_metrics(std::vector<model::Checkpoint> checkpoints,
                                                                const std::vector<model::Round>& rounds);

/// Rates every checkpoint: untouched as long as nobody who is malicious (by verdict, or by the analyst's decision,
/// which overrides it) sent an update that went into it, and as long as the server shipped what the updates give. The
/// recommended one is the last clean one. `injected[i]` is, for the step with the same place in `steps`, the length
/// that flagged clients added; nothing where unknown. `signatures`: what became of the checkpoints' signatures (those
/// of updates are passed over); empty where they were not checked.
[[nodiscard]] model::Rollback rate_checkpoints(const std::vector<model::Checkpoint>& checkpoints,
                                               const std::vector<model::Update>& updates,
                                               const model::Verdicts& verdicts,
                                               const std::vector<model::Decision>& decisions,
                                               const std::vector<ServerStep>& steps,
                                               const std::vector<std::optional<double>>& injected,
                                               const std::vector<model::SignatureCheck>& signatures);

/// The same for a case as it stands now, decisions included; the ledgers are read from the case. Nothing before the
/// first analysis.
[[nodiscard]] model::Result<std::optional<model::Rollback>> current_rollback(model::CaseStore& store);

}  // namespace fedsleuth::analysis
