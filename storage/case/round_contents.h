// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/ids.h"
#include "storage/sqlite/database.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace fedsleuth::storage {

/// Who sent what in one round (the reference update and missing files left out).
struct RoundContents {
    std::map<std::string, std::vector<model::ClientId>> senders;  ///< contents → the clients that sent just that
    std::int64_t received = 0;

    /// The habit of recorders behind secure aggregation: every client "sends" the same aggregate.
    [[nodiscard]] bool all_the_same() const { return received >= 2 && senders.size() == 1; }
};

[[nodiscard]] model::Result<std::map<model::RoundNo, RoundContents>> read_round_contents(Database& database);

}  // namespace fedsleuth::storage
