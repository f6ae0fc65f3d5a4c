// SPDX-License-Identifier: GPL-3.0-or-later
// What the analysis writes and reads back: ledgers, scores, verdicts, rollback, findings.
#include "storage/case/case_inside.h"
#include "storage/case/ledger_codec.h"
#include "storage/case/outcome_digest.h"
#include "storage/case/rows.h"
#include "storage/custody/contents.h"
#include "storage/custody/digest.h"

#include "model/json_writer.h"

#include <algorithm>

namespace fedsleuth::storage {

using model::ErrorCode;
using model::Result;
using model::RoundNo;

namespace {

/// The error with the file's name before what it says.
model::Error in_file(model::Error error, const Database& database)
{
    if (error.where.empty()) error.where = database.file();
    return error;
}

Result<void> write_reasons(Statement& insert, std::int64_t verdict, bool against,
                           const std::vector<model::Reason>& reasons)
{
    std::int64_t position = 0;
    for (const model::Reason& reason : reasons)
        FEDSLEUTH_CHECK(
            insert.run(verdict, against, position++, reason.detector, reason.round, reason.text, reason.evidence));
    return {};
}

Result<void> write_verdicts(Database& database, const model::Verdicts& verdicts)
{
    FEDSLEUTH_TRY(Statement verdict_row,
                  database.prepare("INSERT INTO verdict (position, client, verdict, probability, first_bad_round,"
                                   " attack, family, collusion_group) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"));
    FEDSLEUTH_TRY(Statement round_row, database.prepare("INSERT INTO verdict_bad_round VALUES (?1, ?2, ?3)"));
    FEDSLEUTH_TRY(Statement reason_row,
                  database.prepare("INSERT INTO verdict_reason (verdict, against, position, detector, round, text,"
                                   " evidence) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"));
    std::int64_t position = 0;
    for (const model::Verdict& verdict : verdicts.clients) {
        FEDSLEUTH_CHECK(verdict_row.run(position, verdict.client, model::name_of(verdict.verdict), verdict.probability,
                                        verdict.first_bad_round, verdict.attack, verdict.family, verdict.group));
        std::int64_t round_position = 0;
        for (const RoundNo round : verdict.bad_rounds)
            FEDSLEUTH_CHECK(round_row.run(position, round_position++, round));
        FEDSLEUTH_CHECK(write_reasons(reason_row, position, false, verdict.reasons));
        FEDSLEUTH_CHECK(write_reasons(reason_row, position, true, verdict.against));
        ++position;
    }
    return {};
}

Result<void> write_rollback(Database& database, const model::Rollback& rollback)
{
    FEDSLEUTH_TRY(Statement candidate_row,
                  database.prepare("INSERT INTO rollback_candidate (position, round, clean_probability, contamination,"
                                   " signature, aggregation, residual, status, why)"
                                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"));
    FEDSLEUTH_TRY(Statement metric_row, database.prepare("INSERT INTO rollback_metric VALUES (?1, ?2, ?3)"));
    std::int64_t position = 0;
    for (const model::RollbackCandidate& candidate : rollback.candidates) {
        FEDSLEUTH_CHECK(candidate_row.run(position, candidate.round, candidate.clean_probability,
                                          candidate.contamination, candidate.signature, candidate.aggregation,
                                          candidate.residual, candidate.status, candidate.why));
        for (const auto& [name, value] : candidate.metrics) FEDSLEUTH_CHECK(metric_row.run(position, name, value));
        ++position;
    }
    return {};
}

Result<void> clear_analysis(Database& database)
{
    return database.run(
        "DELETE FROM verdict_reason; DELETE FROM verdict_bad_round; DELETE FROM verdict;"
        "DELETE FROM rollback_metric; DELETE FROM rollback_candidate; DELETE FROM analysis;"
        "DELETE FROM score; DELETE FROM finding WHERE source <> 'ingest'");
}

/// The parameters with the tool's version put before them; `given` is a JSON object or empty.
std::string with_version(const std::string& given)
{
    const std::string version = "{\"version\":" + model::json_string(FEDSLEUTH_VERSION);
    const std::size_t open = given.find_first_not_of(" \t\r\n");
    if (open == std::string::npos || given[open] != '{') return version + '}';
    const std::size_t first = given.find_first_not_of(" \t\r\n", open + 1);
    const bool empty = first == std::string::npos || given[first] == '}';
    if (empty) return version + '}';
    return version + ',' + given.substr(first);
}

/// An ingest and an analysis vouch for the ledgers that they left. Before the first of these is replaced, an entry says
/// that measuring has begun: should it be stopped, what it left is not taken for tampering.
Result<void> record_measuring(Database& database)
{
    FEDSLEUTH_TRY(Statement last,
                  database.prepare("SELECT action FROM custody WHERE action IN ('ingest', 'analyse', 'measure')"
                                   " ORDER BY id DESC LIMIT 1"));
    FEDSLEUTH_TRY(const bool found, last.step());
    const bool begun = found && last.text(0) == "measure";
    last.reset();
    if (begun) return {};
    return append_custody_entry(database, "measure", "ledgers", with_version({}), {});
}

Result<std::vector<model::Reason>*> reasons_of(std::vector<model::Verdict>& verdicts, std::int64_t verdict,
                                               bool against, const Database& database)
{
    if (verdict < 0 || verdict >= static_cast<std::int64_t>(verdicts.size()))
        return model::fail(ErrorCode::malformed, "is damaged: a reason without its verdict", database.file());
    model::Verdict& owner = verdicts[static_cast<std::size_t>(verdict)];
    return against ? &owner.against : &owner.reasons;
}

Result<void> read_reasons(Database& database, std::vector<model::Verdict>& verdicts)
{
    FEDSLEUTH_TRY(Statement statement,
                  database.prepare("SELECT verdict, against, detector, round, text, evidence FROM verdict_reason"
                                   " ORDER BY verdict, against, position"));
    while (true) {
        FEDSLEUTH_TRY(const bool more, statement.step());
        if (!more) return {};
        Row row(statement);
        FEDSLEUTH_TRY(auto* reasons, reasons_of(verdicts, row.integer(0), row.truth(1), database));
        reasons->push_back({row.text(2), row.round(3), row.text(4), row.real(5)});
        FEDSLEUTH_CHECK(row.check(database, "verdict_reason"));
    }
}

Result<void> read_bad_rounds(Database& database, std::vector<model::Verdict>& verdicts)
{
    FEDSLEUTH_TRY(Statement statement,
                  database.prepare("SELECT verdict, round FROM verdict_bad_round ORDER BY verdict, position"));
    while (true) {
        FEDSLEUTH_TRY(const bool more, statement.step());
        if (!more) return {};
        Row row(statement);
        const std::int64_t verdict = row.integer(0);
        const RoundNo round = row.round(1);
        FEDSLEUTH_CHECK(row.check(database, "verdict_bad_round"));
        if (verdict < 0 || verdict >= static_cast<std::int64_t>(verdicts.size()))
            return model::fail(ErrorCode::malformed, "is damaged: a bad round without its verdict", database.file());
        verdicts[static_cast<std::size_t>(verdict)].bad_rounds.push_back(round);
    }
}

}  // namespace

Result<std::optional<model::RoundLedger>> CaseFile::ledger(RoundNo round)
{
    Database& database = inside_->database;
    FEDSLEUTH_TRY(Statement statement, database.prepare("SELECT data FROM ledger WHERE round = ?1"));
    statement.start(round);
    FEDSLEUTH_TRY(const bool found, statement.step());
    if (!found) return std::nullopt;
    auto ledger = decode_ledger(statement.bytes(0));
    if (!ledger) return model::pass_on(in_file(std::move(ledger.error()), database));
    FEDSLEUTH_TRY(const std::vector<model::Layer> layers, read_layers(database));
    // One entry for the whole model is what a round of very many clients has.
    const auto belongs = [&](const model::RoundLedger& kept) {
        return kept.round == round && (kept.layers.size() == layers.size() || kept.layers.size() == 1) &&
               std::ranges::all_of(kept.output_rows, [&](const auto& rows) { return rows.layer_idx < layers.size(); });
    };
    if (*ledger && !belongs(**ledger))
        return model::fail(
            ErrorCode::malformed,
            "is damaged: the ledger of round " + std::to_string(round.value()) + " belongs to another round or model",
            database.file());
    return ledger;
}

Result<void> CaseFile::put_ledger(const model::RoundLedger& ledger)
{
    FEDSLEUTH_CHECK(check_ledger(ledger));
    const std::vector<std::byte> bytes = encode(ledger);
    Database& database = inside_->database;
    FEDSLEUTH_TRY(Transaction transaction, Transaction::begin(database));
    FEDSLEUTH_CHECK(record_measuring(database));
    FEDSLEUTH_TRY(Statement statement, database.prepare("INSERT OR REPLACE INTO ledger (round, data, sha256)"
                                                        " VALUES (?1, ?2, ?3)"));
    Sha256 digest;
    digest.add(bytes);
    FEDSLEUTH_CHECK(statement.run(ledger.round, std::span<const std::byte>(bytes), digest.hex()));
    return transaction.commit();
}

Result<std::vector<model::DetectorScores>> CaseFile::scores(RoundNo round)
{
    Database& database = inside_->database;
    FEDSLEUTH_TRY(Statement statement, database.prepare("SELECT data FROM score WHERE round = ?1 ORDER BY id"));
    statement.start(round);
    std::vector<model::DetectorScores> list;
    while (true) {
        FEDSLEUTH_TRY(const bool more, statement.step());
        if (!more) return list;
        auto scores = decode_scores(statement.bytes(0));
        if (!scores) return model::pass_on(in_file(std::move(scores.error()), database));
        list.push_back(std::move(*scores));
    }
}

Result<void> CaseFile::put_analysis(const AnalysisOutcome& outcome)
{
    for (const model::DetectorScores& scores : outcome.scores) FEDSLEUTH_CHECK(check_scores(scores));
    for (const model::Finding& finding : outcome.findings)
        if (finding.source == model::FindingSource::ingest)
            return model::fail(ErrorCode::invalid_argument, "ingest's findings are not the analysis' to replace");

    Database& database = inside_->database;
    FEDSLEUTH_TRY(Transaction transaction, Transaction::begin(database));
    FEDSLEUTH_CHECK(clear_analysis(database));
    FEDSLEUTH_TRY(Statement score_row, database.prepare("INSERT INTO score (round, data) VALUES (?1, ?2)"));
    for (const model::DetectorScores& scores : outcome.scores) {
        const std::vector<std::byte> bytes = encode(scores);
        FEDSLEUTH_CHECK(score_row.run(scores.round, std::span<const std::byte>(bytes)));
    }
    FEDSLEUTH_TRY(Statement analysis_row, database.prepare("INSERT INTO analysis VALUES (1, ?1, ?2, ?3, ?4)"));
    FEDSLEUTH_CHECK(analysis_row.run(outcome.verdicts.inspectable, outcome.verdicts.why_not,
                                     outcome.rollback.recommended, outcome.rollback.first_poisoned_round));
    FEDSLEUTH_CHECK(write_verdicts(database, outcome.verdicts));
    FEDSLEUTH_CHECK(write_rollback(database, outcome.rollback));
    FEDSLEUTH_CHECK(write_findings(database, outcome.findings));
    FEDSLEUTH_CHECK(write_signature_checks(database, outcome.signatures));
    FEDSLEUTH_TRY(const std::string parameters,
                  with_contents(database, "analyse", with_version(outcome.parameters_json)));
    FEDSLEUTH_CHECK(append_custody_entry(database, "analyse", "case", parameters, digest_of(outcome)));
    return transaction.commit();
}

Result<std::optional<model::Verdicts>> CaseFile::verdicts()
{
    Database& database = inside_->database;
    FEDSLEUTH_TRY(Statement analysis, database.prepare("SELECT inspectable, why_not FROM analysis"));
    FEDSLEUTH_TRY(const bool analysed, analysis.step());
    if (!analysed) return std::nullopt;
    model::Verdicts verdicts;
    verdicts.inspectable = analysis.integer(0) != 0;
    verdicts.why_not = analysis.text(1);
    FEDSLEUTH_TRY(Statement statement,
                  database.prepare("SELECT client, verdict, probability, first_bad_round, attack, family,"
                                   " collusion_group, position FROM verdict ORDER BY position"));
    while (true) {
        FEDSLEUTH_TRY(const bool more, statement.step());
        if (!more) break;
        Row row(statement);
        model::Verdict verdict;
        verdict.client = row.client(0);
        verdict.verdict = row.named(1, verdict_class_names);
        verdict.probability = row.real(2);
        verdict.first_bad_round = row.optional_round(3);
        verdict.attack = row.text(4);
        verdict.family = row.text(5);
        if (const auto group = row.optional_integer(6)) verdict.group = static_cast<int>(*group);
        FEDSLEUTH_CHECK(row.check(database, "verdict"));
        verdicts.clients.push_back(std::move(verdict));
    }
    FEDSLEUTH_CHECK(read_bad_rounds(database, verdicts.clients));
    FEDSLEUTH_CHECK(read_reasons(database, verdicts.clients));
    return verdicts;
}

Result<std::optional<model::Rollback>> CaseFile::rollback()
{
    Database& database = inside_->database;
    FEDSLEUTH_TRY(Statement analysis, database.prepare("SELECT recommended, first_poisoned_round FROM analysis"));
    FEDSLEUTH_TRY(const bool analysed, analysis.step());
    if (!analysed) return std::nullopt;
    model::Rollback rollback;
    Row head(analysis);
    rollback.recommended = head.optional_round(0);
    rollback.first_poisoned_round = head.optional_round(1);
    FEDSLEUTH_CHECK(head.check(database, "analysis"));
    FEDSLEUTH_TRY(Statement statement,
                  database.prepare("SELECT round, clean_probability, contamination, signature, aggregation, residual,"
                                   " status, why, position FROM rollback_candidate ORDER BY position"));
    FEDSLEUTH_TRY(Statement metrics, database.prepare("SELECT name, value FROM rollback_metric WHERE candidate = ?1"));
    while (true) {
        FEDSLEUTH_TRY(const bool more, statement.step());
        if (!more) return rollback;
        Row row(statement);
        model::RollbackCandidate candidate;
        candidate.round = row.round(0);
        candidate.clean_probability = row.real(1);
        candidate.contamination = row.optional_real(2);
        candidate.signature = row.text(3);
        candidate.aggregation = row.text(4);
        candidate.residual = row.optional_real(5);
        candidate.status = row.text(6);
        candidate.why = row.text(7);
        FEDSLEUTH_CHECK(row.check(database, "rollback_candidate"));
        metrics.start(row.integer(8));
        while (true) {
            FEDSLEUTH_TRY(const bool another, metrics.step());
            if (!another) break;
            candidate.metrics[metrics.text(0)] = metrics.real(1);
        }
        rollback.candidates.push_back(std::move(candidate));
    }
}

Result<void> write_findings(Database& database, const std::vector<model::Finding>& findings)
{
    FEDSLEUTH_TRY(Statement insert,
                  database.prepare("INSERT INTO finding (source, kind, severity, client, round, text, evidence_json)"
                                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"));
    for (const model::Finding& finding : findings)
        FEDSLEUTH_CHECK(insert.run(name_in(finding_source_names, finding.source), finding.kind,
                                   model::name_of(finding.severity), finding.client, finding.round, finding.text,
                                   finding.evidence_json.empty() ? std::string_view("{}") : finding.evidence_json));
    return {};
}

Result<std::vector<model::Finding>> CaseFile::findings()
{
    Database& database = inside_->database;
    FEDSLEUTH_TRY(Statement statement,
                  database.prepare("SELECT source, kind, severity, client, round, text,"
                                   " iif(json_valid(evidence_json), evidence_json, '{}') FROM finding ORDER BY"
                                   " CASE severity WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2"
                                   " WHEN 'low' THEN 3 ELSE 4 END, round, id"));
    std::vector<model::Finding> findings;
    while (true) {
        FEDSLEUTH_TRY(const bool more, statement.step());
        if (!more) return findings;
        Row row(statement);
        model::Finding finding;
        finding.source = row.named(0, finding_source_names);
        finding.kind = row.text(1);
        finding.severity = row.named(2, severity_names);
        finding.client = row.optional_client(3);
        finding.round = row.optional_round(4);
        finding.text = row.text(5);
        finding.evidence_json = row.text(6);
        FEDSLEUTH_CHECK(row.check(database, "finding"));
        findings.push_back(std::move(finding));
    }
}

}  // namespace fedsleuth::storage
