// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/detection/round_view.h"
#include "model/detector_scores.h"

#include <optional>

// The single detectors of one round, for score_round: each reads the view alone. What a detector compares, and who
// described it, stands in detector.cpp.
namespace fedsleuth::analysis {

// Against the crowd of the round; the pairwise ones cost O(n²), the density outliers O(n² log n).
[[nodiscard]] model::DetectorScores score_norm(const RoundView& view);
[[nodiscard]] model::DetectorScores score_median_cosine(const RoundView& view);
[[nodiscard]] model::DetectorScores score_progress(const RoundView& view);
[[nodiscard]] model::DetectorScores score_sign_agreement(const RoundView& view);
[[nodiscard]] model::DetectorScores score_krum(const RoundView& view);
[[nodiscard]] model::DetectorScores score_duplicates(const RoundView& view);
[[nodiscard]] model::DetectorScores score_outliers(const RoundView& view);
[[nodiscard]] model::DetectorScores score_spectral(const RoundView& view);
[[nodiscard]] model::DetectorScores score_reference(const RoundView& view);

// Against what was known before the round; O(n k).
[[nodiscard]] model::DetectorScores score_own_drift(const RoundView& view);
[[nodiscard]] model::DetectorScores score_global_drift(const RoundView& view);
[[nodiscard]] model::DetectorScores score_recycled(const RoundView& view);
[[nodiscard]] model::DetectorScores score_temporal_sign(const RoundView& view);
[[nodiscard]] model::DetectorScores score_model_pull(const RoundView& view);

// What the update consists of; O(n × layers), O(n C) for the outputs.
[[nodiscard]] model::DetectorScores score_kurtosis(const RoundView& view);
[[nodiscard]] model::DetectorScores score_quiet_energy(const RoundView& view);
[[nodiscard]] model::DetectorScores score_frequency(const RoundView& view);
[[nodiscard]] model::DetectorScores score_layer_profile(const RoundView& view);
[[nodiscard]] model::DetectorScores score_output_profile(const RoundView& view);
[[nodiscard]] model::DetectorScores score_output_lean(const RoundView& view);
[[nodiscard]] model::DetectorScores score_head_share(const RoundView& view);
[[nodiscard]] model::DetectorScores score_head_cosine(const RoundView& view);

/// Index in ledger.layers of the layer that leads to the outputs (the last weight matrix); nothing where the ledger
/// keeps the whole model as one layer or has none.
[[nodiscard]] std::optional<std::size_t> head_layer(const model::RoundLedger& ledger);

}  // namespace fedsleuth::analysis
