// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/detection/detector.h"
#include "analysis/detection/probe_measures.h"
#include "model/detector_scores.h"

#include <span>
#include <vector>

namespace fedsleuth::analysis {

/// The detectors that need a probe, in the order in which they are shown. They run only where one was given, so they
/// are not among detectors().
[[nodiscard]] std::span<const DetectorInfo> probe_detectors();

/// What each of them read off the round: "probe-loss", "probe-confusion" and "noise-response" with a probe set,
/// "input-trace" with misclassified inputs.
[[nodiscard]] std::vector<model::DetectorScores> probe_scores(const ProbeRound& round,
                                                              const std::vector<std::int32_t>& classes);

/// The middle of a probe detector's sentence; empty for another detector.
[[nodiscard]] std::string probe_sentence(const model::DetectorScores& scores, std::size_t client_idx);

}  // namespace fedsleuth::analysis
