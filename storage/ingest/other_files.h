// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "storage/evidence/evidence_folder.h"
#include "storage/evidence/limits.h"
#include "storage/evidence/round_log.h"
#include "storage/ingest/ingest_state.h"
#include "storage/sqlite/database.h"

#include <set>
#include <string>

namespace fedsleuth::storage {

/// Files under updates/ and checkpoints/, as paths relative to the folder. Links are not followed.
[[nodiscard]] model::Result<std::set<std::string>> list_snapshot_files(const EvidenceFolder& folder,
                                                                        const Limits& limits = {});

/// SHA-256 over the names: a folder with other files has another one.
[[nodiscard]] std::string digest_of_listing(const std::set<std::string>& names);

/// Takes in certificates and revocation lists that the log names and the case does not have yet, bytes and all, inside
/// the caller's transaction. Returns what was read.
[[nodiscard]] model::Result<IngestCounts> take_certificates(Database& database, const EvidenceFolder& folder,
                                                            const RoundLog& log, const Limits& limits);

/// Whether a file that a line names and that was not there can be read now.
[[nodiscard]] bool is_readable_now(const EvidenceFolder& folder, const std::string& path);

/// Whether that is so for any certificate whose bytes the case lacks.
[[nodiscard]] model::Result<bool> certificates_to_retry(Database& database, const EvidenceFolder& folder);

}  // namespace fedsleuth::storage
