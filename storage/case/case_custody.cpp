// SPDX-License-Identifier: GPL-3.0-or-later
// Decisions and the chain of custody.
#include "storage/case/case_inside.h"
#include "storage/case/rows.h"
#include "storage/custody/contents.h"
#include "storage/custody/custody_chain.h"
#include "storage/custody/digest.h"

#include "model/json_writer.h"

#include <algorithm>

namespace fedsleuth::storage {

using model::ErrorCode;
using model::Result;

namespace {
constexpr std::int64_t highest_entry = std::int64_t{1} << 53;
}

Result<void> append_custody_entry(Database& database, const std::string& action, const std::string& subject,
                                  const std::string& parameters_json, const std::string& sha256)
{
    FEDSLEUTH_TRY(Statement last, database.prepare("SELECT id, hash, time FROM custody ORDER BY id DESC LIMIT 1"));
    FEDSLEUTH_TRY(const bool found, last.step());
    if (found && (last.integer(0) < 1 || last.integer(0) > highest_entry))
        return model::fail(ErrorCode::malformed, "is damaged: its custody entries are numbered beyond all reason",
                           database.file());
    model::CustodyEntry entry;
    entry.index = found ? last.integer(0) + 1 : 1;
    entry.previous = found ? last.text(1) : std::string(64, '0');
    // A clock that was set back must not make an honest chain look back-dated.
    entry.time = std::max(time_now(), found ? last.text(2) : std::string());
    last.reset();
    entry.actor = system_user();
    entry.action = action;
    entry.subject = subject;
    entry.parameters_json = parameters_json.empty() ? "{}" : parameters_json;
    entry.sha256 = sha256;
    entry.hash = custody_hash(entry);
    FEDSLEUTH_TRY(Statement insert, database.prepare("INSERT INTO custody (id, time, actor, action, subject,"
                                                     " parameters_json, sha256, previous, hash)"
                                                     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"));
    return insert.run(entry.index, entry.time, entry.actor, entry.action, entry.subject, entry.parameters_json,
                      entry.sha256, entry.previous, entry.hash);
}

Result<std::vector<model::CustodyEntry>> CaseFile::custody()
{
    FEDSLEUTH_TRY(Statement statement,
                  inside_->database.prepare("SELECT id, time, actor, action, subject, parameters_json, sha256,"
                                            " previous, hash FROM custody ORDER BY id"));
    std::vector<model::CustodyEntry> entries;
    while (true) {
        FEDSLEUTH_TRY(const bool more, statement.step());
        if (!more) return entries;
        entries.push_back({statement.integer(0), statement.text(1), statement.text(2), statement.text(3),
                           statement.text(4), statement.text(5), statement.text(6), statement.text(7),
                           statement.text(8)});
    }
}

Result<void> CaseFile::append_custody(const std::string& action, const std::string& subject,
                                      const std::string& parameters_json, const std::string& sha256)
{
    FEDSLEUTH_TRY(Transaction transaction, Transaction::begin(inside_->database));
    FEDSLEUTH_CHECK(append_custody_entry(inside_->database, action, subject, parameters_json, sha256));
    return transaction.commit();
}

Result<std::vector<model::Decision>> CaseFile::decisions()
{
    Database& database = inside_->database;
    FEDSLEUTH_TRY(Statement statement,
                  database.prepare("SELECT client, decided, note, time, actor FROM decision ORDER BY id"));
    std::vector<model::Decision> decisions;
    while (true) {
        FEDSLEUTH_TRY(const bool more, statement.step());
        if (!more) return decisions;
        Row row(statement);
        model::Decision decision;
        decision.client = row.client(0);
        decision.decided = row.named(1, verdict_class_names);
        decision.note = row.text(2);
        decision.time = row.text(3);
        decision.actor = row.text(4);
        FEDSLEUTH_CHECK(row.check(database, "decision"));
        decisions.push_back(std::move(decision));
    }
}

Result<void> CaseFile::add_decision(const model::Decision& decision)
{
    if (decision.decided == model::VerdictClass::unknown || decision.decided == model::VerdictClass::suspect)
        return model::fail(ErrorCode::invalid_argument, "a decision is malicious, clean or watch");
    Database& database = inside_->database;
    FEDSLEUTH_TRY(Transaction transaction, Transaction::begin(database));
    FEDSLEUTH_TRY(Statement known,
                  database.prepare("SELECT 1 FROM client_line WHERE client = ?1 UNION ALL"
                                   " SELECT 1 FROM update_line WHERE client = ?1 AND reference = 0 LIMIT 1"));
    known.start(decision.client);
    FEDSLEUTH_TRY(const bool found, known.step());
    known.reset();
    if (!found)
        return model::fail(ErrorCode::not_found, "the case knows no client " + decision.client.text(), database.file());

    const std::string decided(model::name_of(decision.decided));
    FEDSLEUTH_TRY(Statement insert, database.prepare("INSERT INTO decision (client, decided, note, time, actor)"
                                                     " VALUES (?1, ?2, ?3, ?4, ?5)"));
    FEDSLEUTH_CHECK(insert.run(decision.client, decided, decision.note, time_now(), system_user()));
    model::JsonWriter parameters;
    parameters.begin_object()
        .field("as", decided)
        .field("note", decision.note)
        .field("version", FEDSLEUTH_VERSION)
        .end_object();
    FEDSLEUTH_TRY(const std::string vouched, with_contents(database, "decide", parameters.text()));
    FEDSLEUTH_CHECK(append_custody_entry(database, "decide", decision.client.text(), vouched, {}));
    return transaction.commit();
}

}  // namespace fedsleuth::storage
