// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/detection/history.h"
#include "analysis/verdict/patterns.h"
#include "analysis/detection/probe_measures.h"
#include "model/detector_scores.h"
#include "model/round_ledger.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace fedsleuth::analysis {

/// One round as the fusion sees it.
struct ScoredRound {
    RoundPatterns patterns;
    std::vector<model::DetectorScores> scores;
};

/// What the probes that the analyst brought along say of a case.
struct ProbeEvidence {
    std::vector<ProbeRound> rounds;     ///< ascending
    std::vector<std::int32_t> classes;  ///< of the probe set
    std::int32_t wrong_answer = -1;     ///< of the misclassified inputs; −1 without any
};

/// All that a case's verdicts rest on: gathered round by round from the ledgers, then weighed.
struct Evidence {
    std::vector<ScoredRound> rounds;  ///< ascending; rounds with too small a crowd left out
    History history;
    std::map<model::ClientId, double> examples;  ///< n_i, where it is known
    /// Clients whose updates are odd for a reason that is known and is no attack, and that reason as a sentence.
    std::map<model::ClientId, std::string> explained;
    std::size_t rounds_seen = 0;                 ///< ledgers, those of too small a crowd included
    std::optional<ProbeEvidence> probes;

    /// The next round, in ascending order. `declared`: see score_round.
    void add(const model::RoundLedger& ledger, const Attendance::Declared& declared = {});
};

}  // namespace fedsleuth::analysis
