// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/detection/history.h"
#include "analysis/verdict/patterns.h"
#include "model/detector_scores.h"
#include "model/round_ledger.h"

#include <map>
#include <string>
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
    /// Clients whose updates are odd for a reason that is known and is no attack, and that reason as a sentence.
    std::map<model::ClientId, std::string> explained;
    std::size_t rounds_seen = 0;                 ///< ledgers, those of too small a crowd included

    /// The next round, in ascending order. `declared`: see score_round.
    void add(const model::RoundLedger& ledger, const Attendance::Declared& declared = {});
};

}  // namespace fedsleuth::analysis
