// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/verdict/evidence.h"
#include "model/finding.h"

#include <map>
#include <vector>

namespace fedsleuth::analysis {

/// The rounds after a checkpoint that is not what the updates give, in which the clients' training repairs the model:
/// as long as the median update is more than one and a half times as long as in the round itself, five rounds at most.
/// How a client does that says something about its data and nothing about its intentions.
using Repairs = std::map<model::RoundNo, std::vector<model::RoundNo>>;  ///< by the round of the checkpoint

/// `rounds` ascending, as scored; `tampered` ascending.
[[nodiscard]] Repairs repairs_after(const std::vector<ScoredRound>& rounds,
                                    const std::vector<model::RoundNo>& tampered);

[[nodiscard]] bool is_repair(const Repairs& repairs, model::RoundNo round);

/// Says it behind the findings of kind checkpoint-mismatch.
void mention_repairs(const Repairs& repairs, std::vector<model::Finding>& findings);

}  // namespace fedsleuth::analysis
