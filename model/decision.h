// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/ids.h"
#include "model/verdict.h"

#include <string>

namespace fedsleuth::model {

/// What the analyst decided about a client. The newest decision on a client counts; older ones stay on record.
struct Decision {
    ClientId client;
    VerdictClass decided = VerdictClass::watch;  ///< malicious, clean or watch
    std::string note;
    std::string time;  ///< RFC 3339 UTC; set by the store
    std::string actor;
};

}  // namespace fedsleuth::model
