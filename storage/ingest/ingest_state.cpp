// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/ingest/ingest_state.h"

namespace fedsleuth::storage {

using model::Result;

IngestCounts& IngestCounts::operator+=(const IngestCounts& other)
{
    rounds += other.rounds;
    updates += other.updates;
    checkpoints += other.checkpoints;
    files += other.files;
    bytes += other.bytes;
    return *this;
}

Result<std::optional<IngestState>> read_ingest_state(Database& database)
{
    FEDSLEUTH_TRY(Statement statement,
                  database.prepare("SELECT folder, log_bytes, log_sha256, listing_sha256, finished, layout_seen,"
                                   " pending_rounds, pending_updates, pending_checkpoints, pending_files,"
                                   " pending_bytes FROM ingest_state"));
    FEDSLEUTH_TRY(const bool found, statement.step());
    if (!found) return std::nullopt;
    IngestState state;
    state.folder = statement.text(0);
    state.log_bytes = statement.integer(1);
    state.log_sha256 = statement.text(2);
    state.listing_sha256 = statement.text(3);
    state.finished = statement.integer(4) != 0;
    state.layout_seen = statement.integer(5) != 0;
    state.pending = {statement.integer(6), statement.integer(7), statement.integer(8), statement.integer(9),
                     statement.integer(10)};
    constexpr std::int64_t most = std::int64_t{1} << 53;
    for (const std::int64_t count : {state.log_bytes, state.pending.rounds, state.pending.updates,
                                     state.pending.checkpoints, state.pending.files, state.pending.bytes})
        if (count < 0 || count > most)
            return model::fail(model::ErrorCode::malformed,
                               "is damaged: table ingest_state holds a value that makes no sense", database.file());
    return state;
}

Result<void> write_ingest_state(Database& database, const IngestState& state)
{
    FEDSLEUTH_TRY(Statement statement,
                  database.prepare("INSERT OR REPLACE INTO ingest_state (id, folder, log_bytes, log_sha256,"
                                   " listing_sha256, finished, layout_seen, pending_rounds, pending_updates,"
                                   " pending_checkpoints, pending_files, pending_bytes)"
                                   " VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"));
    return statement.run(state.folder, state.log_bytes, state.log_sha256, state.listing_sha256, state.finished,
                         state.layout_seen, state.pending.rounds, state.pending.updates, state.pending.checkpoints,
                         state.pending.files, state.pending.bytes);
}

}  // namespace fedsleuth::storage
