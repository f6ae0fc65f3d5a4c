// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/case/schema.h"

#include <array>
#include <map>
#include <string>
#include <utility>

namespace fedsleuth::storage {

using model::ErrorCode;
using model::Result;

namespace {

constexpr std::array<std::string_view, 3> steps_of_this_version{
#include "storage/case/schema/0001.sql"
    ,
#include "storage/case/schema/0002.sql"
    ,
#include "storage/case/schema/0003.sql"
};

using Objects = std::map<std::string, std::string>;  ///< "table update_line" → its SQL

Result<Objects> objects_of(Database& database)
{
    // SQLite's own automatic indexes have no SQL.
    FEDSLEUTH_TRY(Statement statement,
                  database.prepare("SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_schema"));
    Objects objects;
    while (true) {
        FEDSLEUTH_TRY(const bool more, statement.step());
        if (!more) return objects;
        objects[statement.text(0)] = statement.text(1);
    }
}

/// A copy of the database as it is, by SQLite itself: consistent whatever else is going on.
Result<void> back_up(Database& database, const std::string& copy)
{
    std::error_code ignored;
    std::filesystem::remove(copy, ignored);  // of an earlier migration that did not end
    FEDSLEUTH_TRY(Statement statement, database.prepare("VACUUM INTO ?1"));
    return statement.run(copy);
}

}  // namespace

std::span<const std::string_view> schema_steps() { return steps_of_this_version; }

Result<void> run_schema_steps(Database& database, std::span<const std::string_view> steps)
{
    FEDSLEUTH_TRY(Transaction transaction, Transaction::begin(database));
    FEDSLEUTH_TRY(const std::int64_t version, database.integer("PRAGMA user_version"));
    for (std::size_t step_idx = static_cast<std::size_t>(version); step_idx < steps.size(); ++step_idx)
        FEDSLEUTH_CHECK(database.run(std::string(steps[step_idx])));
    FEDSLEUTH_CHECK(database.run("PRAGMA application_id = " + std::to_string(case_application_id) +
                                 "; PRAGMA user_version = " + std::to_string(steps.size())));
    return transaction.commit();
}

Result<void> check_schema(Database& database, std::span<const std::string_view> steps)
{
    FEDSLEUTH_TRY(Database fresh, Database::in_memory());
    FEDSLEUTH_CHECK(run_schema_steps(fresh, steps));
    FEDSLEUTH_TRY(const Objects expected, objects_of(fresh));
    FEDSLEUTH_TRY(const Objects found, objects_of(database));
    const auto refuse = [&](const std::string& name, const char* what) {
        return model::fail(ErrorCode::refused, "is damaged or was changed by another program: the " + name + ' ' + what,
                           database.file());
    };
    for (const auto& [name, sql] : expected) {
        const auto at = found.find(name);
        if (at == found.end()) return refuse(name, "is missing");
        if (at->second != sql) return refuse(name, "is not as it should be");
    }
    for (const auto& [name, sql] : found)
        if (!expected.contains(name)) return refuse(name, "does not belong there");
    return {};
}

Result<void> bring_up_to_date(Database& database, std::span<const std::string_view> steps, bool may_write)
{
    const std::string file = database.file();
    FEDSLEUTH_TRY(const std::int64_t application, database.integer("PRAGMA application_id"));
    FEDSLEUTH_TRY(const std::int64_t version, database.integer("PRAGMA user_version"));
    if (application != case_application_id || version < 1)
        return model::fail(ErrorCode::refused, "is a database, but no Fedsleuth case", file);
    const auto newest = static_cast<std::int64_t>(steps.size());
    if (version > newest)
        return model::fail(ErrorCode::refused,
                           "was made by a newer Fedsleuth (schema " + std::to_string(version) + ", this one knows " +
                               std::to_string(newest) + ")",
                           file, "open it with that version");
    if (version < newest) {
        if (!may_write)
            return model::fail(
                ErrorCode::refused,
                "is of an older schema (" + std::to_string(version) + ") and was opened for reading only", file,
                "open it once for writing: it is migrated, and a backup is kept");
        FEDSLEUTH_CHECK(check_schema(database, steps.first(static_cast<std::size_t>(version))));
        FEDSLEUTH_CHECK(back_up(database, file + ".v" + std::to_string(version) + ".backup"));
        FEDSLEUTH_CHECK(run_schema_steps(database, steps));
    }
    return check_schema(database, steps);
}

}  // namespace fedsleuth::storage
