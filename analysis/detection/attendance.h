// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/detector_scores.h"
#include "model/round_ledger.h"

#include <map>
#include <vector>

namespace fedsleuth::analysis {

/// What clients declare beside their updates, told round by round in ascending order: how many examples each trained
/// on, and in how many of the rounds it took part.
class Attendance {
public:
    using Declared = std::map<model::ClientId, double>;

    /// "declared-examples" (n_i, compared on a log scale; NaN where the log has none) and "participation" (the share of
    /// the rounds so far; its spread is never taken below the chance spread √(p(1 − p)/T) of a client drawn with the
    /// crowd's mean share p), then remembers the round.
    [[nodiscard]] std::vector<model::DetectorScores> score(const model::RoundLedger& ledger, const Declared& declared);

private:
    struct Known {
        std::size_t rounds = 0;
        double examples = 0;  ///< that it declared last; 0: never
    };
    std::map<model::ClientId, Known> known_;
    std::size_t rounds_ = 0;
};

}  // namespace fedsleuth::analysis
