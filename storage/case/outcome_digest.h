// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/case_store.h"

#include <string>

namespace fedsleuth::storage {

/// SHA-256 over everything that an analysis found, in an encoding where every list and text has its length before it:
/// equal outcomes, and no others, give equal digests. The parameters are not part of it.
[[nodiscard]] std::string digest_of(const model::CaseStore::AnalysisOutcome& outcome);

}  // namespace fedsleuth::storage
