// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/evidence_file.h"
#include "model/finding.h"
#include "storage/case/case_file.h"
#include "storage/evidence/round_log.h"
#include "storage/sqlite/database.h"

#include <set>
#include <string>
#include <vector>

namespace fedsleuth::storage {

/// What ingest has to say about the evidence as a whole. It follows from the rows of the case, the log and the names
/// in the folder alone, so it comes out the same however many runs it took to get there.
struct Conclusions {
    std::vector<model::Finding> findings;
    std::vector<model::ImportIssue> issues;
};

[[nodiscard]] model::Result<Conclusions> conclude(CaseFile& file, const RoundLog& log,
                                                  const std::set<std::string>& listing);

/// Replaces issues and ingest's findings in the case, inside the caller's transaction.
[[nodiscard]] model::Result<void> write_conclusions(Database& database, const Conclusions& conclusions);

}  // namespace fedsleuth::storage
