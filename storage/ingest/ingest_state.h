// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "storage/sqlite/database.h"

#include <cstdint>
#include <optional>
#include <string>

namespace fedsleuth::storage {

/// What was taken in.
struct IngestCounts {
    std::int64_t rounds = 0;
    std::int64_t updates = 0;
    std::int64_t checkpoints = 0;
    std::int64_t files = 0;
    std::int64_t bytes = 0;

    IngestCounts& operator+=(const IngestCounts& other);
    bool operator==(const IngestCounts&) const = default;
};

/// How far the case follows its evidence folder: what a run that was killed leaves for the next one.
struct IngestState {
    std::string folder;
    std::int64_t log_bytes = 0;
    std::string log_sha256;
    std::string listing_sha256;
    bool finished = false;     ///< the last run came to its end
    bool layout_seen = false;  ///< a snapshot has confirmed the layers
    IngestCounts pending;      ///< since the last custody entry, of runs that were killed too

    bool operator==(const IngestState&) const = default;
};

[[nodiscard]] model::Result<std::optional<IngestState>> read_ingest_state(Database& database);
[[nodiscard]] model::Result<void> write_ingest_state(Database& database, const IngestState& state);

}  // namespace fedsleuth::storage
