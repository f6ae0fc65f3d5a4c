// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/progress.h"
#include "storage/evidence/evidence_folder.h"
#include "storage/evidence/limits.h"
#include "storage/sqlite/database.h"

namespace fedsleuth::storage {

/// Checks the signatures that cover a file's bytes themselves (Ed25519): the other schemes sign a digest, which the
/// case keeps. Each is tried under the sender's own keys, and where it fits none of them under everybody else's. What
/// is in the case already is not done again. Inside the caller's transaction. Error cancelled, and those of the case; a
/// file that can't be read any more leaves its signatures unchecked.
[[nodiscard]] model::Result<void> check_byte_signatures(Database& database, const EvidenceFolder& folder,
                                                        const Limits& limits, model::Progress& progress);

}  // namespace fedsleuth::storage
