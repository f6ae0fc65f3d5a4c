// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/verdict/evidence.h"
#include "model/verdict.h"

#include <string>
#include <vector>

namespace fedsleuth::analysis {

/// Accumulates the patterns of every client over its rounds and turns them into verdicts.
///
/// Within a round a pattern's evidence is the shared scale's (evidence_of). Over rounds it is a CUSUM: each round
/// adds its evidence less a toll, each round without the pattern takes some back, and the sum never falls below
/// zero. So a lasting offset that stays below the toll never adds up, however many rounds there are, and a single
/// overwhelming round is enough. The highest value that the sum reaches sets class and probability; where it started to
/// rise is the first bad round.
///
/// `rounds` in ascending order. Clients in `clients` without a scored round are `unknown`.
[[nodiscard]] model::Verdicts fuse(const std::vector<ScoredRound>& rounds, const std::vector<model::ClientId>& clients);

}  // namespace fedsleuth::analysis
