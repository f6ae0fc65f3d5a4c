// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/ids.h"

#include <string>
#include <vector>

namespace fedsleuth::model {

/// What one detector read off one round: a statistic for every client that took part, and how far that lies from
/// the round's own crowd.
struct DetectorScores {
    RoundNo round;
    std::string detector;             ///< the registry's name: "norm", "cosine-median", …
    std::vector<ClientId> clients;    ///< n, in the ledger's order
    std::vector<double> statistic;    ///< n: in the detector's own unit; NaN where it does not apply to that client
    std::vector<double> z;            ///< n: robust z-score within the round; NaN likewise
    std::vector<double> evidence;     ///< n: ≥ 0, on the scale that all detectors share; 0 where it does not apply
    double location = 0;              ///< the round's median of the statistic
    double scale = 0;                 ///< and its normalised MAD, with the detector's floor
    std::vector<std::string> detail;  ///< n, or empty: what else the sentence needs (the twin's id, the copied round)
};

}  // namespace fedsleuth::model
