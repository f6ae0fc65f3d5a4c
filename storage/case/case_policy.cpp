// SPDX-License-Identifier: GPL-3.0-or-later
// What the case's people set, and what was computed beside the verdicts.
#include "storage/case/case_inside.h"
#include "storage/case/rows.h"
#include "storage/custody/contents.h"
#include "storage/custody/digest.h"

#include "model/json_writer.h"

#include <cmath>

namespace fedsleuth::storage {

using model::ErrorCode;
using model::Result;

Result<std::map<std::string, double>> CaseFile::policy()
{
    Database& database = inside_->database;
    FEDSLEUTH_TRY(Statement statement, database.prepare("SELECT name, value FROM policy"));
    std::map<std::string, double> policy;
    while (true) {
        FEDSLEUTH_TRY(const bool more, statement.step());
        if (!more) return policy;
        const double value = statement.real(1);
        if (!std::isfinite(value))
            return model::fail(ErrorCode::malformed, "is damaged: a limit of its policy is no number", database.file());
        policy[statement.text(0)] = value;
    }
}

Result<void> CaseFile::put_policy(const std::string& name, std::optional<double> value)
{
    if (name.empty() || (value && !std::isfinite(*value)))
        return model::fail(ErrorCode::invalid_argument, "a limit has a name and is a finite number");
    Database& database = inside_->database;
    FEDSLEUTH_TRY(Transaction transaction, Transaction::begin(database));
    model::JsonWriter parameters;
    parameters.begin_object();
    if (value) {
        FEDSLEUTH_TRY(Statement put, database.prepare("INSERT INTO policy (name, value) VALUES (?1, ?2)"
                                                      " ON CONFLICT (name) DO UPDATE SET value = excluded.value"));
        FEDSLEUTH_CHECK(put.run(name, *value));
        parameters.field("value", *value);
    } else {
        FEDSLEUTH_TRY(Statement drop, database.prepare("DELETE FROM policy WHERE name = ?1"));
        FEDSLEUTH_CHECK(drop.run(name));
        parameters.field("value", "default");
    }
    parameters.field("version", FEDSLEUTH_VERSION).end_object();
    FEDSLEUTH_TRY(const std::string vouched, with_contents(database, "policy", parameters.text()));
    FEDSLEUTH_CHECK(append_custody_entry(database, "policy", name, vouched, {}));
    return transaction.commit();
}

Result<std::optional<std::string>> CaseFile::document(const std::string& name)
{
    FEDSLEUTH_TRY(Statement statement, inside_->database.prepare("SELECT body FROM document WHERE name = ?1"));
    statement.start(name);
    FEDSLEUTH_TRY(const bool found, statement.step());
    if (!found) return std::optional<std::string>();
    return std::optional<std::string>(statement.text(0));
}

Result<void> CaseFile::put_document(const std::string& name, const std::string& json)
{
    Database& database = inside_->database;
    FEDSLEUTH_TRY(const std::optional<std::string> kept, document(name));
    if (kept == json) return {};
    FEDSLEUTH_TRY(Transaction transaction, Transaction::begin(database));
    FEDSLEUTH_TRY(Statement put, database.prepare("INSERT INTO document (name, body, sha256) VALUES (?1, ?2, ?3)"
                                                  " ON CONFLICT (name) DO UPDATE SET body = excluded.body,"
                                                  " sha256 = excluded.sha256"));
    const std::string digest = document_digest(name, json);
    FEDSLEUTH_CHECK(put.run(name, json, digest));
    model::JsonWriter parameters;
    parameters.begin_object().field("version", FEDSLEUTH_VERSION).end_object();
    FEDSLEUTH_CHECK(append_custody_entry(database, "compute", name, parameters.text(), digest));
    return transaction.commit();
}

}  // namespace fedsleuth::storage
