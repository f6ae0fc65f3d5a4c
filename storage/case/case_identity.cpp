// SPDX-License-Identifier: GPL-3.0-or-later
// What signatures are checked against, and what came of it.
#include "storage/case/case_inside.h"
#include "storage/case/rows.h"

namespace fedsleuth::storage {

using model::Result;

Result<std::vector<model::CertificateFile>> CaseFile::certificate_files()
{
    Database& database = inside_->database;
    FEDSLEUTH_TRY(Statement statement,
                  database.prepare("SELECT o.path, o.role, o.sha256, c.data, o.state FROM other_file o"
                                   " LEFT JOIN certificate c ON c.sha256 = o.sha256"
                                   " WHERE o.role <> 'log' ORDER BY o.path"));
    std::vector<model::CertificateFile> files;
    while (true) {
        FEDSLEUTH_TRY(const bool more, statement.step());
        if (!more) return files;
        const auto bytes = statement.bytes(3);
        files.push_back({statement.text(0), statement.text(1), statement.text(2),
                         std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()), statement.text(4)});
    }
}

Result<std::vector<model::ByteSignature>> CaseFile::byte_signatures()
{
    FEDSLEUTH_TRY(Statement statement, inside_->database.prepare("SELECT file_sha256, signature, key_sha256, verifies"
                                                                 " FROM byte_signature"));
    std::vector<model::ByteSignature> list;
    while (true) {
        FEDSLEUTH_TRY(const bool more, statement.step());
        if (!more) return list;
        list.push_back({statement.text(0), statement.text(1), statement.text(2), statement.integer(3) != 0});
    }
}

Result<std::vector<model::Submission>> CaseFile::submissions()
{
    Database& database = inside_->database;
    FEDSLEUTH_TRY(
        Statement statement,
        database.prepare(
            "SELECT round, client, received_at, iif(declared_sha256 = '', coalesce(sha256, ''), declared_sha256)"
            " FROM update_line WHERE reference = 0 ORDER BY line"));
    std::vector<model::Submission> list;
    while (true) {
        FEDSLEUTH_TRY(const bool more, statement.step());
        if (!more) return list;
        Row row(statement);
        list.push_back({row.round(0), row.client(1), row.text(2), row.text(3)});
        FEDSLEUTH_CHECK(row.check(database, "update_line"));
    }
}

Result<std::vector<model::SignatureCheck>> CaseFile::signature_checks()
{
    Database& database = inside_->database;
    FEDSLEUTH_TRY(Statement statement,
                  database.prepare("SELECT round, client, outcome, scheme, certificate, signer, text"
                                   " FROM signature_check ORDER BY position"));
    std::vector<model::SignatureCheck> checks;
    while (true) {
        FEDSLEUTH_TRY(const bool more, statement.step());
        if (!more) return checks;
        Row row(statement);
        checks.push_back({row.round(0), row.optional_client(1), row.named(2, signature_outcome_names), row.text(3),
                          row.text(4), row.optional_client(5), row.text(6)});
        FEDSLEUTH_CHECK(row.check(database, "signature_check"));
    }
}

Result<void> write_signature_checks(Database& database, const std::vector<model::SignatureCheck>& checks)
{
    FEDSLEUTH_CHECK(database.run("DELETE FROM signature_check"));
    FEDSLEUTH_TRY(Statement insert, database.prepare("INSERT INTO signature_check VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7,"
                                                     " ?8)"));
    std::int64_t position = 0;
    for (const model::SignatureCheck& check : checks)
        FEDSLEUTH_CHECK(insert.run(position++, check.round, check.client,
                                   name_in(signature_outcome_names, check.outcome), check.scheme, check.certificate,
                                   check.signer, check.text));
    return {};
}

}  // namespace fedsleuth::storage
