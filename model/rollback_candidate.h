// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/federation.h"
#include "model/ids.h"

#include <optional>
#include <string>
#include <vector>

namespace fedsleuth::model {

struct RollbackCandidate {
    RoundNo round;
    double clean_probability = 0;         ///< that no update before it was malicious
    std::optional<double> contamination;  ///< length of all that flagged clients added up to here / length of the model's way from its start; an upper bound, 0 … 1
    std::string signature = "not-checked";    ///< valid, invalid, missing, not-checked
    std::string aggregation = "not-checked";  ///< matches, mismatch, not-checked
    std::optional<double> residual;           ///< |shipped step − recomputed step| / |shipped step|
    Metrics metrics;
    std::string status = "clean";  ///< clean, suspect, contaminated
    std::string why;
};

struct Rollback {
    std::optional<RoundNo> recommended;
    std::optional<RoundNo> first_poisoned_round;
    std::vector<RollbackCandidate> candidates;  ///< by round
};

}  // namespace fedsleuth::model
