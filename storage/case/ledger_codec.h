// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/detector_scores.h"
#include "model/round_ledger.h"
#include "storage/case/codec.h"

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace fedsleuth::storage {

/// Whether every list has the length that the clients, steps and layers demand: what reads a ledger indexes them
/// without looking. Error malformed, naming the list.
[[nodiscard]] model::Result<void> check_ledger(const model::RoundLedger& ledger);

/// The ledger as bytes: encoding version, contents version, then every member in the order of its declaration.
[[nodiscard]] std::vector<std::byte> encode(const model::RoundLedger& ledger);
/// Nothing for a ledger of another RoundLedger::version or encoding; error malformed for anything that does not fit.
[[nodiscard]] model::Result<std::optional<model::RoundLedger>> decode_ledger(std::span<const std::byte> bytes);

/// Error malformed where the lists are not all as long as the clients.
[[nodiscard]] model::Result<void> check_scores(const model::DetectorScores& scores);
[[nodiscard]] std::vector<std::byte> encode(const model::DetectorScores& scores);
[[nodiscard]] model::Result<model::DetectorScores> decode_scores(std::span<const std::byte> bytes);

}  // namespace fedsleuth::storage
