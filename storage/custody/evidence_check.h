// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "storage/custody/verify.h"
#include "storage/evidence/evidence_folder.h"

namespace fedsleuth::storage {

/// Reads every evidence file of the case again and adds to `result` what is not as it was taken in: files that changed,
/// are gone, or are new; lines of the log that changed, are gone or were added.
[[nodiscard]] model::Result<void> check_evidence(CaseFile& file, const EvidenceFolder& folder,
                                                 model::Progress& progress, Verification& result);

}  // namespace fedsleuth::storage
