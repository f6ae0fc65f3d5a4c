// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/ingest/import_issues.h"

#include <filesystem>
#include <map>

namespace fedsleuth::storage {

using model::ImportIssue;
using model::Result;
using Issues = std::vector<ImportIssue>;

namespace {

constexpr const char* log_name = "federation.jsonl";

Result<void> add_unread_files(Database& database, Issues& issues)
{
    // A missing update is a finding about its client; the log's line is at fault where its path leads astray.
    FEDSLEUTH_TRY(
        Statement statement,
        database.prepare("SELECT line, path, problem_text FROM update_line WHERE problem NOT IN ('', 'absent')"
                         " UNION ALL SELECT line, path, problem_text FROM checkpoint_line WHERE problem <> ''"
                         " ORDER BY 1"));
    while (true) {
        FEDSLEUTH_TRY(const bool more, statement.step());
        if (!more) break;
        issues.push_back({log_name, statement.integer(0),
                          "the file \"" + statement.text(1) + "\" was not read: " + statement.text(2)});
    }
    FEDSLEUTH_TRY(Statement others, database.prepare("SELECT path, role, state FROM other_file WHERE sha256 = ''"
                                                     " ORDER BY path"));
    while (true) {
        FEDSLEUTH_TRY(const bool more, others.step());
        if (!more) return {};
        issues.push_back({others.text(0), 0, "this " + others.text(1) + " was not read: " + others.text(2)});
    }
}

/// The same note on many files is one issue.
Result<void> add_notes(Database& database, Issues& issues)
{
    struct Noted {
        std::string first;
        std::int64_t files = 0;
    };
    FEDSLEUTH_TRY(Statement statement,
                  database.prepare("SELECT l.path, s.notes FROM (SELECT line, path, sha256 FROM update_line UNION ALL"
                                   " SELECT line, path, sha256 FROM checkpoint_line) l JOIN snapshot s"
                                   " ON s.sha256 = l.sha256 WHERE s.notes <> '' ORDER BY l.line"));
    std::map<std::string, Noted> notes;
    while (true) {
        FEDSLEUTH_TRY(const bool more, statement.step());
        if (!more) break;
        std::string rest = statement.text(1);
        for (std::size_t end = rest.find('\n'); end != std::string::npos; end = rest.find('\n')) {
            Noted& noted = notes[rest.substr(0, end)];
            if (noted.files++ == 0) noted.first = statement.text(0);
            rest.erase(0, end + 1);
        }
    }
    for (const auto& [note, noted] : notes)
        issues.push_back(
            {noted.first, 0,
             noted.files == 1 ? note : note + " (and in " + std::to_string(noted.files - 1) + " more files)"});
    return {};
}

void add_updates_without_base(const std::vector<model::Update>& updates, Issues& issues)
{
    std::int64_t count = 0;
    const model::Update* first = nullptr;
    for (const model::Update& update : updates) {
        if (update.state != model::SnapshotState::no_base) continue;
        if (count++ == 0) first = &update;
    }
    if (first)
        issues.push_back({first->path, 0,
                          std::to_string(count) +
                              " updates hold whole weights and can't be compared: the checkpoint "
                              "that they started from is not there (the first: of " +
                              first->client.text() + ", round " + std::to_string(first->round.value()) + ")"});
}

Result<void> add_unnamed_files(Database& database, const std::set<std::string>& listing, Issues& issues)
{
    constexpr std::size_t shown = 3;
    std::set<std::string> unnamed = listing;
    FEDSLEUTH_TRY(Statement statement,
                  database.prepare("SELECT path FROM update_line UNION ALL SELECT path FROM checkpoint_line"));
    while (true) {
        FEDSLEUTH_TRY(const bool more, statement.step());
        if (!more) break;
        unnamed.erase(std::filesystem::path(statement.text(0)).lexically_normal().generic_string());
    }
    for (const std::string folder : {"updates/", "checkpoints/"}) {
        std::size_t count = 0;
        std::string names;
        for (const std::string& name : unnamed) {
            if (!name.starts_with(folder)) continue;
            if (count < shown) names += (count == 0 ? "" : ", ") + name.substr(folder.size());
            ++count;
        }
        if (count > 0)
            issues.push_back({folder, 0,
                              "the log does not name " + std::to_string(count) + (count == 1 ? " file" : " files") +
                                  " in this folder: " + names + (count > shown ? ", …" : "")});
    }
    return {};
}

}  // namespace

Result<Issues> collect_issues(Database& database, const RoundLog& log, const std::vector<model::Update>& updates,
                              const std::set<std::string>& listing)
{
    Issues issues = log.issues;
    for (const auto& [type, lines] : log.unknown_types)
        issues.push_back({log_name, 0,
                          std::to_string(lines) + (lines == 1 ? " line is" : " lines are") + " of the type \"" + type +
                              "\", which this program does not know"});
    FEDSLEUTH_CHECK(add_unread_files(database, issues));
    FEDSLEUTH_CHECK(add_notes(database, issues));
    add_updates_without_base(updates, issues);
    FEDSLEUTH_CHECK(add_unnamed_files(database, listing, issues));
    return issues;
}

}  // namespace fedsleuth::storage
