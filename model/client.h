// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/ids.h"

#include <cstdint>
#include <optional>
#include <string>

namespace fedsleuth::model {

struct Client {
    ClientId id;
    bool registered = false;    ///< has a line of its own in the log (a client that only sent updates has none)
    std::string registered_at;  ///< RFC 3339, as logged; empty where unknown
    std::optional<std::int64_t> num_examples;
    std::string certificate;  ///< path in the evidence folder; empty where none was named
    std::string extra_json;
};

}  // namespace fedsleuth::model
