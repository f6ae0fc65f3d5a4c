// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "storage/evidence/round_log.h"
#include "storage/ingest/snapshot_intake.h"
#include "storage/sqlite/database.h"

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace fedsleuth::storage {

// The lines of the log as rows of the case, each under its line's number. All inside the caller's transaction.

/// Takes lines out of the log whose round is beyond `highest_round`; each becomes an import issue.
void drop_impossible_rounds(RoundLog& log);

/// Replaces what the case says of the federation.
[[nodiscard]] model::Result<void> write_federation(Database& database, const model::Federation& federation);
[[nodiscard]] model::Result<void> write_layers(Database& database, const std::vector<model::Layer>& layers);

/// Clients and rounds whose lines the case does not have yet.
[[nodiscard]] model::Result<void> write_new_clients(Database& database, const RoundLog& log);
[[nodiscard]] model::Result<void> write_new_rounds(Database& database, const RoundLog& log);

/// Line numbers in the table.
[[nodiscard]] model::Result<std::set<std::int64_t>> lines_in(Database& database, const std::string& table);

/// Writes the line with what became of its file; where the case has the line already, only the latter.
[[nodiscard]] model::Result<void> write_update(Database& database, const Logged<model::Update>& update,
                                               const FileFacts& facts);
[[nodiscard]] model::Result<void> write_checkpoint(Database& database, const Logged<model::Checkpoint>& checkpoint,
                                                   const FileFacts& facts);

}  // namespace fedsleuth::storage
