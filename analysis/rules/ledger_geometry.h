// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/rules/rule.h"
#include "model/ids.h"
#include "model/round_ledger.h"

#include <cstddef>
#include <span>
#include <vector>

namespace fedsleuth::analysis {

/// What a rule may look at of the clients at `places` of a ledger, in this order: the Gram matrix, the reference update
/// and the model that the round began from where the ledger has them, the previous step where it is that of the round
/// before, and the sign shares; numbers of examples all 1; without history and sample.
[[nodiscard]] RoundGeometry geometry_at(const model::RoundLedger& ledger, const std::vector<std::size_t>& places);

/// The same with who it is about.
struct LedgerRound {
    RoundGeometry geometry;                ///< of the clients that remain
    std::vector<model::ClientId> clients;  ///< n, in the ledger's order
    std::vector<std::size_t> places;       ///< n: where each stands in the ledger
};

/// The round without the clients in `exclude` (those that the ledger does not know are ignored). `num_examples`: one
/// for each client of the ledger, or none: then all count the same.
[[nodiscard]] LedgerRound round_geometry(const model::RoundLedger& ledger, std::span<const double> num_examples,
                                         std::span<const model::ClientId> exclude);

}  // namespace fedsleuth::analysis
