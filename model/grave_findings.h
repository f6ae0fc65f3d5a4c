// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/finding.h"

#include <cstdint>
#include <span>

namespace fedsleuth::model {

/// Those of high or critical severity: the ones that a summary may not pass over.
struct GraveFindings {
    std::int64_t count = 0;
    const Finding* gravest = nullptr;  ///< the first of the gravest; null where there are none
};
[[nodiscard]] GraveFindings grave_findings(std::span<const Finding> findings);

}  // namespace fedsleuth::model
