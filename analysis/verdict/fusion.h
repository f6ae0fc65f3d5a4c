// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/verdict/evidence.h"
#include "model/verdict.h"

#include <vector>

namespace fedsleuth::analysis {

/// Below this many clients there is no crowd to be extraordinary in: only patterns that honest clients never show
/// (copies, updates far longer than training gives, no training at all) can make a client malicious.
inline constexpr std::size_t smallest_federation = 8;

/// Turns a case's evidence into verdicts.
///
/// Judges that were trained on simulated federations weigh each client's evidence against that of the federation's
/// other clients (judgement.h); what they say is compared with what honest clients of clean federations of that size
/// look like. `malicious` asks for both: a calibrated probability of at least 0.6, and a place among the discoveries at
/// a false discovery rate of 5 % over the case's clients (Benjamini & Hochberg 1995); `suspect` for a probability of
/// 0.4 and a p-value of 0.01. With a misclassified input, which an analyst brings along because something went wrong,
/// less is asked for: 0.5 at 10 %, and 0.3 at 0.03. Beside them stand a few plain patterns that are beyond doubt by
/// themselves, unless the judges find the client quite ordinary. A copied client is never accused of being copied.
///
/// Clients in `clients` without a scored round are `unknown`.
[[nodiscard]] model::Verdicts fuse(const Evidence& evidence, const std::vector<model::ClientId>& clients);

}  // namespace fedsleuth::analysis
