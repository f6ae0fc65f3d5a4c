// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/verdict.h"

#include <string>

namespace fedsleuth::analysis {

/// What a reader of these verdicts must know before believing them, in one sentence; empty where there is nothing.
/// Where more than 35 % of the clients are accused, updates alone can't tell which side is the honest one; where fewer
/// than smallest_federation were judged, there was no crowd to be extraordinary in.
[[nodiscard]] std::string caution(const model::Verdicts& verdicts);

}  // namespace fedsleuth::analysis
