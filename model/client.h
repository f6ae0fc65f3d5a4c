// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/ids.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fedsleuth::model {

struct Client {
    /// An earlier line of the log for the same client.
    struct Registration {
        std::string registered_at;
        std::string certificate;
    };

    ClientId id;
    bool registered = false;    ///< has a line of its own in the log (a client that only sent updates has none)
    std::string registered_at;  ///< RFC 3339, as logged; empty where unknown
    std::optional<std::int64_t> num_examples;
    std::string certificate;  ///< path in the evidence folder; empty where none was named
    std::string extra_json;
    std::vector<Registration> earlier;  ///< oldest first; the newest line is the client's own fields
};

}  // namespace fedsleuth::model
