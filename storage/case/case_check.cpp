// SPDX-License-Identifier: GPL-3.0-or-later
// What verify asks the case file itself.
#include "storage/case/case_inside.h"
#include "storage/case/rows.h"
#include "storage/custody/digest.h"

#include <algorithm>

namespace fedsleuth::storage {

using model::ErrorCode;
using model::Result;

namespace {

struct StoredPayload {
    std::int64_t id = 0;
    std::string sha256;
    std::string named_by;  ///< path of a file that it came from
};

Result<std::vector<StoredPayload>> read_payloads(Database& database)
{
    FEDSLEUTH_TRY(Statement statement,
                  database.prepare("SELECT p.id, p.sha256, coalesce((SELECT min(path) FROM (SELECT path, sha256 FROM"
                                   " update_line UNION ALL SELECT path, sha256 FROM checkpoint_line) l WHERE l.sha256 ="
                                   " p.file_sha256), '') FROM payload p ORDER BY p.id"));
    std::vector<StoredPayload> payloads;
    while (true) {
        FEDSLEUTH_TRY(const bool more, statement.step());
        if (!more) return payloads;
        payloads.push_back({statement.integer(0), statement.text(1), statement.text(2)});
    }
}

}  // namespace

Result<std::vector<std::string>> CaseFile::check_contents(model::Progress& progress)
{
    Database& database = inside_->database;
    std::vector<std::string> problems;
    progress.start("Checking the database", 0, "");
    FEDSLEUTH_TRY(Statement check, database.prepare("PRAGMA integrity_check"));
    while (true) {
        auto more = check.step();
        if (!more && more.error().code == ErrorCode::cancelled) return model::pass_on(std::move(more.error()));
        if (!more) problems.push_back(more.error().message);
        if (!more || !*more) break;
        if (const std::string answer = check.text(0); answer != "ok") problems.push_back("SQLite: " + answer);
    }
    FEDSLEUTH_TRY(Statement keys, database.prepare("PRAGMA foreign_key_check"));
    FEDSLEUTH_TRY(const bool broken, keys.step());
    if (broken)
        problems.push_back("table " + keys.text(0) + " refers to a row of " + keys.text(2) + " that is not there");
    keys.reset();

    FEDSLEUTH_TRY(const std::int64_t d, coordinates());
    FEDSLEUTH_TRY(const auto payloads, read_payloads(database));
    progress.start("Checking the numbers", static_cast<std::int64_t>(payloads.size()) * d * 4, "bytes");
    std::vector<float> slab(static_cast<std::size_t>(std::min(model::slab_coordinates, d)));
    for (const StoredPayload& payload : payloads) {
        const std::string name = "the numbers of " + (payload.named_by.empty() ? "a payload" : payload.named_by);
        Sha256 digest;
        bool readable = true;
        for (std::int64_t first = 0; first < d && readable; first += model::slab_coordinates) {
            if (progress.stopped()) return model::fail(ErrorCode::cancelled, "stopped", database.file());
            const std::int64_t count = std::min(model::slab_coordinates, d - first);
            const auto done = inside_->vectors.read_payload(payload.id, first, count, slab.data());
            if (!done && done.error().code == ErrorCode::cancelled) return model::pass_on(done.error());
            if (!done) problems.push_back(name + " can't be read: " + done.error().text());
            readable = done.has_value();
            digest.add(std::as_bytes(std::span<const float>(slab.data(), static_cast<std::size_t>(count))));
            progress.advance(count * 4);
        }
        if (readable && digest.hex() != payload.sha256)
            problems.push_back(name + " were changed in the case after they were taken in");
    }
    return problems;
}

}  // namespace fedsleuth::storage
