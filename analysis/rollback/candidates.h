// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/detection/server_step.h"
#include "analysis/rollback/counterfactual.h"
#include "analysis/rollback/onset.h"
#include "model/case_store.h"
#include "model/checkpoint.h"
#include "model/rollback_candidate.h"
#include "model/round.h"

#include <optional>
#include <vector>

namespace fedsleuth::analysis {

inline constexpr double strict_cleanliness = 0.95;  ///< a checkpoint is recommended from this probability on

/// The checkpoints, those without metrics of their own with those of the round that made them.
[[nodiscard]] std::vector<model::Checkpoint> with_round_metrics(std::vector<model::Checkpoint> checkpoints,
                                                                const std::vector<model::Round>& rounds);

/// What is known of every checkpoint whoever attacked: metrics, signature, and whether the round's updates give it.
/// `signatures`: what became of the checkpoints' signatures (those of updates are passed over); empty where they were
/// not checked.
[[nodiscard]] std::vector<model::RollbackCandidate> checkpoint_facts(const std::vector<model::Checkpoint>& checkpoints,
                                                                     const std::vector<ServerStep>& steps,
                                                                     const std::vector<model::SignatureCheck>& signatures = {});

/// Rates every checkpoint (methods G.3 R1): the probability that it is untouched is the product over clients of
/// P(onset after it), 0 from the first step on that is not what the updates give; it can only fall from round to round.
/// Clean from `strict_cleanliness` on, contaminated where a malicious client's update more likely than not went into it
/// or the server shipped something else, else suspect. Recommended is the last clean one whose file can be used and
/// whose signature is not invalid. `facts` are those of the same checkpoints; `contamination` may be null.
[[nodiscard]] model::Rollback rate_checkpoints(std::vector<model::RollbackCandidate> facts,
                                               const std::vector<model::Checkpoint>& checkpoints,
                                               const std::vector<Onset>& onsets, const Counterfactual* contamination);

/// The rating of a case as it stands now, decisions included. Nothing before the first analysis.
[[nodiscard]] model::Result<std::optional<model::Rollback>> current_rollback(model::CaseStore& store);

}  // namespace fedsleuth::analysis
