// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/ledger/ledger_plan.h"
#include "model/layer.h"
#include "model/progress.h"
#include "model/result.h"
#include "model/round_ledger.h"
#include "model/update_source.h"

#include <cstddef>
#include <vector>

namespace fedsleuth::analysis {

/// A ledger keeps its figures layer by layer as long as n² × layers stays below this many numbers (128 MiB); above it
/// the whole model counts as one layer.
inline constexpr std::size_t ledger_gram_limit = std::size_t{1} << 24;

/// One streaming pass over the round's vectors, block by block of coordinates. Memory: two blocks (each at most 32 Mi
/// float32 over all rows, or gram_chunk coordinates) and the ledger itself, whatever the model's size. Progress
/// advances by coordinates × rows. Errors: those of the source; `cancelled`.
[[nodiscard]] model::Result<model::RoundLedger> build_ledger(model::UpdateSource& source,
                                                             const std::vector<model::Layer>& layers,
                                                             const LedgerPlan& plan, model::Progress& progress);

}  // namespace fedsleuth::analysis
