// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/evidence_file.h"
#include "model/update.h"
#include "storage/evidence/round_log.h"
#include "storage/sqlite/database.h"

#include <set>
#include <string>
#include <vector>

namespace fedsleuth::storage {

/// Everything that could not be taken as it is: the log's own issues, lines of unknown types, files that are missing
/// or whose path leads astray, notes of the readers, files that the log does not name.
[[nodiscard]] model::Result<std::vector<model::ImportIssue>> collect_issues(Database& database, const RoundLog& log,
                                                                            const std::vector<model::Update>& updates,
                                                                            const std::set<std::string>& listing);

}  // namespace fedsleuth::storage
