// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/detection/history.h"
#include "analysis/verdict/patterns.h"
#include "model/detector_scores.h"
#include "model/round_ledger.h"

#include <map>
#include <vector>

namespace fedsleuth::analysis {

/// One round as the fusion sees it.
struct ScoredRound {
    RoundPatterns patterns;
    std::vector<model::DetectorScores> scores;
};

/// All that a case's verdicts rest on: gathered round by round from the ledgers, then weighed.
struct Evidence {
    std::vector<ScoredRound> rounds;  ///< ascending; rounds with too small a crowd left out
    History history;
    std::map<model::ClientId, double> examples;  ///< n_i, where it is known
    std::size_t rounds_seen = 0;                 ///< ledgers, those of too small a crowd included

    /// The next round, in ascending order.
    void add(const model::RoundLedger& ledger);
};

}  // namespace fedsleuth::analysis
