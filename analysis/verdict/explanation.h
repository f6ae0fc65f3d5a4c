// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/verdict/fusion.h"

namespace fedsleuth::analysis {

/// Fills in reasons and counter-evidence: the leading pattern in words first, then every detector's strongest round
/// among the bad ones (among all for a client on watch), and what lies within the crowd. A clean client has no reasons. `total` is the accumulated evidence.
void explain(model::Verdict& verdict, Pattern leading, double total, std::size_t rounds_seen,
             const std::vector<ScoredRound>& rounds);

}  // namespace fedsleuth::analysis
