// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/grave_findings.h"

namespace fedsleuth::model {

GraveFindings grave_findings(std::span<const Finding> findings)
{
    GraveFindings grave;
    for (const Finding& finding : findings) {
        if (finding.severity < Severity::high) continue;
        ++grave.count;
        if (!grave.gravest || finding.severity > grave.gravest->severity) grave.gravest = &finding;
    }
    return grave;
}

}  // namespace fedsleuth::model
