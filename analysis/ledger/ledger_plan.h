// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/checkpoint.h"
#include "model/round_ledger.h"
#include "model/update.h"
#include "model/update_source.h"

#include <cstddef>
#include <optional>
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

/// Where each kind of row lies in a block that is read for the pass: the n updates, then the rows that all clients
/// share (steps, shipped step, reference, model), then the clients' earlier updates.
struct LedgerRows {
    std::vector<model::VectorRef> refs;
    std::size_t clients = 0;  ///< n
    std::size_t steps = 0;    ///< k, from row n on
    std::optional<std::size_t> shipped;
    std::optional<std::size_t> reference;
    std::optional<std::size_t> model;
    std::size_t own_first = 0;        ///< also n and the shared rows together
    std::vector<std::size_t> own_of;  ///< index into the clients of each earlier update
};
[[nodiscard]] LedgerRows ledger_rows_of(const LedgerPlan& plan);

}  // namespace fedsleuth::analysis
