// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/custody/evidence_check.h"

#include "storage/case/case_inside.h"
#include "storage/custody/file_digest.h"
#include "storage/ingest/ingest_state.h"
#include "storage/ingest/log_prefix.h"
#include "storage/ingest/other_files.h"

#include "model/text.h"

#include <map>
#include <set>

namespace fedsleuth::storage {

using model::ErrorCode;
using model::Result;

namespace fs = std::filesystem;

namespace {

constexpr std::size_t most_new_files = 100;  ///< that are named one by one

struct Expected {
    std::set<std::string> digests;  ///< more than one where a path was used again for another file
    std::int64_t bytes = 0;
};

Result<std::map<std::string, Expected>> expected_files(Database& database)
{
    FEDSLEUTH_TRY(
        Statement statement,
        database.prepare("SELECT path, sha256, bytes FROM other_file WHERE role <> 'log' AND sha256 <> ''"
                         " UNION SELECT l.path, l.sha256, s.bytes FROM (SELECT path, sha256 FROM update_line"
                         " UNION SELECT path, sha256 FROM checkpoint_line) l JOIN snapshot s USING (sha256)"));
    std::map<std::string, Expected> files;
    while (true) {
        FEDSLEUTH_TRY(const bool more, statement.step());
        if (!more) return files;
        Expected& file = files[statement.text(0)];
        file.digests.insert(statement.text(1));
        file.bytes = statement.integer(2);
    }
}

class EvidenceCheck {
public:
    EvidenceCheck(Database& database, const EvidenceFolder& folder, model::Progress& progress, Verification& result)
        : database_(database), folder_(folder), progress_(progress), result_(result)
    {
    }

    Result<void> run()
    {
        FEDSLEUTH_TRY(const auto state, read_ingest_state(database_));
        if (!state) return {};
        FEDSLEUTH_TRY(const auto files, expected_files(database_));
        std::int64_t bytes = state->log_bytes;
        for (const auto& [path, expected] : files) bytes += expected.bytes;
        progress_.start("Reading the evidence again", bytes, "bytes");
        FEDSLEUTH_CHECK(check_log(*state));
        for (const auto& [path, expected] : files) FEDSLEUTH_CHECK(check_file(path, expected));
        return check_listing(*state, files);
    }

private:
    void add(const std::string& where, std::string text)
    {
        result_.problems.push_back({"evidence", model::visible(where), std::move(text)});
    }

    Result<void> check_log(const IngestState& state)
    {
        const fs::path log = folder_.log_path();
        const std::string name = log.filename().string();
        const auto digest = sha256_of_prefix(log, state.log_bytes);
        if (digest && *digest == state.log_sha256) {
            ++result_.files_read;
            result_.bytes_read += state.log_bytes;
            progress_.advance(state.log_bytes);
            const auto stamp = file_stamp(log);
            if (stamp && stamp->bytes > state.log_bytes)
                add(name,
                    "The round log holds " + model::grouped(stamp->bytes - state.log_bytes) +
                        " bytes more than when it was taken in; what was there has not changed. Ingest the folder "
                        "again to take them in.");
            return {};
        }
        if (!digest && digest.error().code != ErrorCode::conflict) {
            add(name, "The round log can't be read: " + digest.error().message + ".");
            return {};
        }
        const auto whole = whole_line_bytes(log);
        const auto lines = whole ? line_digests(log, *whole) : model::Result<std::vector<LineDigest>>();
        if (!whole || !lines) {
            add(name, "The round log is not what was taken in.");
            return {};
        }
        FEDSLEUTH_TRY(const std::int64_t line, first_changed_line(database_, *lines));
        add(name + (line > 0 ? ", line " + std::to_string(line) : ""),
            line > static_cast<std::int64_t>(lines->size())
                ? "Lines from " + std::to_string(line) + " on were in the round log when it was taken in and are gone."
                : "The round log is not what was taken in: line " + std::to_string(line) +
                      " is the first that was changed, added or removed.");
        return {};
    }

    Result<void> check_file(const std::string& path, const Expected& expected)
    {
        const auto file = folder_.resolve(path);
        if (!file) {
            add(path, file.error().code == ErrorCode::not_found
                          ? "The file was taken in and is gone."
                          : "The file can't be read: " + file.error().message + ".");
            return {};
        }
        std::int64_t bytes = 0;
        const auto digest = sha256_of_file(*file, [&](std::int64_t piece) {
            bytes += piece;
            progress_.advance(piece);
            return !progress_.stopped();
        });
        if (!digest && digest.error().code == ErrorCode::cancelled) return model::pass_on(digest.error());
        if (!digest) {
            add(path, "The file can't be read: " + digest.error().message + ".");
            return {};
        }
        ++result_.files_read;
        result_.bytes_read += bytes;
        if (!expected.digests.contains(*digest))
            add(path, "The file was changed after it was taken in: its SHA-256 is " + *digest + ", and was " +
                          *expected.digests.begin() + ".");
        return {};
    }

    /// Files under updates/ and checkpoints/ that were not there.
    Result<void> check_listing(const IngestState& state, const std::map<std::string, Expected>& files)
    {
        FEDSLEUTH_TRY(const std::set<std::string> listing, list_snapshot_files(folder_));
        if (!state.finished || digest_of_listing(listing) == state.listing_sha256) return {};
        FEDSLEUTH_TRY(Statement statement, database_.prepare("SELECT file FROM import_issue UNION SELECT path FROM"
                                                             " update_line UNION SELECT path FROM checkpoint_line"));
        std::set<std::string> known;
        while (true) {
            FEDSLEUTH_TRY(const bool more, statement.step());
            if (!more) break;
            known.insert(statement.text(0));
        }
        std::size_t added = 0;
        for (const std::string& name : listing)
            if (!known.contains(name) && ++added <= most_new_files)
                add(name, "The file was not in the folder when it was taken in.");
        if (added > most_new_files)
            add("", model::grouped(static_cast<long long>(added - most_new_files)) + " more files were added.");
        bool missing = false;
        for (const auto& [path, expected] : files) missing = missing || !listing.contains(path);
        if (added == 0 && !missing)
            add("updates, checkpoints",
                "The folder holds other files than when it was taken in: one that no line of the "
                "log names is gone, or one that was missing has come.");
        return {};
    }

    Database& database_;
    const EvidenceFolder& folder_;
    model::Progress& progress_;
    Verification& result_;
};

}  // namespace

Result<void> check_evidence(CaseFile& file, const EvidenceFolder& folder, model::Progress& progress,
                            Verification& result)
{
    return EvidenceCheck(file.inside().database, folder, progress, result).run();
}

}  // namespace fedsleuth::storage
