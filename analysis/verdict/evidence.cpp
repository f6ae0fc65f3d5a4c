// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/verdict/evidence.h"

#include "analysis/detection/score_round.h"

namespace fedsleuth::analysis {

void Evidence::add(const model::RoundLedger& ledger, const Attendance::Declared& declared)
{
    ++rounds_seen;
    ScoredRound round;
    round.scores = score_round(ledger, history, declared);
    if (round.scores.empty()) return;
    round.patterns = patterns_of(ledger, round.scores);
    rounds.push_back(std::move(round));
}

}  // namespace fedsleuth::analysis
