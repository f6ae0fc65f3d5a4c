// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/finding.h"

namespace fedsleuth::model {

std::string_view name_of(Severity severity)
{
    switch (severity) {
        case Severity::info:
            return "info";
        case Severity::low:
            return "low";
        case Severity::medium:
            return "medium";
        case Severity::high:
            return "high";
        case Severity::critical:
            return "critical";
    }
    return "info";
}

}  // namespace fedsleuth::model
