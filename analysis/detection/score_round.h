// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/detection/detector.h"
#include "analysis/detection/history.h"
#include "model/round_ledger.h"

#include <cstddef>
#include <vector>

namespace fedsleuth::analysis {

/// Below this many usable updates a round has no crowd to compare with, and no detector speaks.
inline constexpr std::size_t smallest_crowd = 5;

/// How far back the cosine drift looks for the global step that an update follows.
inline constexpr std::size_t drift_steps = 3;

/// Every detector on one round, from its ledger and from the rounds that `history` saw before (it is told of this one),
/// in the order of detectors(). `declared`: how many examples the clients say that they trained on in this round, where
/// the log has it. Empty where the crowd is too small. Rounds in ascending order.
[[nodiscard]] std::vector<model::DetectorScores> score_round(const model::RoundLedger& ledger, History& history,
                                                             const Attendance::Declared& declared = {});

/// How odd the oddest client of a round is: the highest sum of one client's evidence over the judged detectors. NaN without
/// scores.
[[nodiscard]] double round_suspicion(const std::vector<model::DetectorScores>& scores);

}  // namespace fedsleuth::analysis
