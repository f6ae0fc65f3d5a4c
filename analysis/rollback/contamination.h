// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/rollback/counterfactual.h"
#include "model/case_store.h"
#include "model/progress.h"
#include "model/rollback_candidate.h"
#include "model/update_source.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fedsleuth::analysis {

/// The case's document that holds the contamination as of the last analysis.
inline constexpr std::string_view contamination_document = "contamination";

/// How much of each checkpoint stems from flagged clients (and from a server that shipped something else than what the
/// updates give): the federation replayed under its own rule without them. Nothing where the declared rule can't be run
/// again. `facts` say which rounds are the server's doing. Errors: those of run_counterfactual.
[[nodiscard]] model::Result<std::optional<Counterfactual>> measure_contamination(
    model::CaseStore& store, model::UpdateSource& source, const std::vector<Removal>& flagged,
    const std::vector<model::RollbackCandidate>& facts, model::Progress& progress);

/// The rounds whose aggregation is a mismatch.
[[nodiscard]] std::vector<model::RoundNo> tampered_rounds(const std::vector<model::RollbackCandidate>& facts);

/// Contamination of one checkpoint, |e| / |w − w₀|: a share of the way that the model has come; may exceed 1.
[[nodiscard]] double influence(const CounterfactualPoint& point, double length);

/// The checkpoint's point; null where there is none.
[[nodiscard]] const CounterfactualPoint* point_of(const Counterfactual& contamination, model::RoundNo round);

/// As one JSON object, exactly enough to read it back; and back. Error malformed.
[[nodiscard]] std::string contamination_json(const Counterfactual& contamination);
[[nodiscard]] model::Result<Counterfactual> contamination_from(const std::string& json);

/// The case's contamination where it was measured for just these clients; nothing where it was not, or was damaged.
[[nodiscard]] model::Result<std::optional<Counterfactual>> kept_contamination(model::CaseStore& store,
                                                                              const std::vector<Removal>& flagged);

}  // namespace fedsleuth::analysis
