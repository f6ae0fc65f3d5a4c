// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/checkpoint.h"
#include "model/layer.h"
#include "model/progress.h"
#include "model/result.h"
#include "model/round_ledger.h"
#include "model/update.h"
#include "model/update_source.h"

#include <map>
#include <optional>
#include <set>
#include <vector>

namespace fedsleuth::analysis {

/// Which vectors meet in the ledger of one round.
struct LedgerPlan {
    model::RoundNo round;
    std::vector<model::ClientId> clients;                   ///< n: usable updates, by client
    std::vector<std::optional<model::RoundNo>> own_rounds;  ///< n: each client's last earlier usable update
    std::vector<model::RoundNo> step_rounds;  ///< up to RoundLedger::step_window previous global steps, latest first
    bool has_shipped = false;                 ///< checkpoints of this round and of the one before are usable
    bool has_reference = false;               ///< the server recorded a reference update
    bool has_model = false;                   ///< the checkpoint of the round before is usable
};

/// Plans the ledgers of all rounds with at least one usable update, by round.
[[nodiscard]] std::vector<LedgerPlan> plan_ledgers(const std::vector<model::Update>& updates,
                                                   const std::vector<model::Checkpoint>& checkpoints);

/// Rows that the pass over this round reads: updates, their predecessors, global steps, the reference.
[[nodiscard]] std::int64_t ledger_rows(const LedgerPlan& plan);

/// A ledger keeps its figures layer by layer as long as n² × layers stays below this many numbers (128 MiB); above it
/// the whole model counts as one layer.
inline constexpr std::size_t ledger_gram_limit = std::size_t{1} << 24;

/// One streaming pass over the round's vectors, block by block of coordinates. Memory: the block (at most 64 Mi
/// float32 over all rows) and the ledger itself, whatever the model's size. Progress advances by coordinates × rows.
/// Errors: those of the source; `cancelled`.
[[nodiscard]] model::Result<model::RoundLedger> build_ledger(model::UpdateSource& source,
                                                             const std::vector<model::Layer>& layers,
                                                             const LedgerPlan& plan, model::Progress& progress);

}  // namespace fedsleuth::analysis
