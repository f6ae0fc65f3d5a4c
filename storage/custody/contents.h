// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/custody_entry.h"
#include "storage/sqlite/database.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fedsleuth::storage {

// Every act on a case vouches for the rows that it wrote: its custody entry holds a digest of them under "contents",
// and verify compares it with the rows as they are. Between them the acts cover every table; slabs are covered by the
// digests of payloads, ledgers by the ingest or analysis that left them ("ledger_sums"), each document by the last entry
// "compute" of its name.

/// Rows of one table: all of them, or those that `where` (SQL) names.
struct CoveredRows {
    std::string_view table;
    std::string_view where;
};

/// What an act ("ingest", "analyse", "decide", "policy") vouches for; empty for any other.
[[nodiscard]] std::span<const CoveredRows> covered_by(std::string_view action);

/// SHA-256 over those rows, every value with its type and length.
[[nodiscard]] model::Result<std::string> contents_digest(Database& database, std::string_view action);

/// The evidence as leaves of a hash tree, in the order of their paths: "path NUL sha256", no digest for a file that was
/// missing.
[[nodiscard]] model::Result<std::vector<std::string>> evidence_leaves(Database& database);
/// The root of that tree.
[[nodiscard]] model::Result<std::string> evidence_root(Database& database);

/// SHA-256 over the rounds that have a ledger, each with its ledger's digest.
[[nodiscard]] model::Result<std::string> ledgers_digest(Database& database);

/// SHA-256 over a document's name and text.
[[nodiscard]] std::string document_digest(const std::string& name, const std::string& body);

/// The parameters (a JSON object or empty) with "contents" and "evidence" put at their end, and after an ingest or
/// analysis "ledger_sums".
[[nodiscard]] model::Result<std::string> with_contents(Database& database, std::string_view action,
                                                       const std::string& parameters);

/// The 64 hexadecimal digits that stand under `key` in an entry's parameters; nothing where there are none.
[[nodiscard]] std::optional<std::string> digest_under(const model::CustodyEntry& entry, std::string_view key);

}  // namespace fedsleuth::storage
