// SPDX-License-Identifier: GPL-3.0-or-later
// What ingest wrote: the nouns of the round log and the files that belong to them.
#include "storage/case/case_inside.h"
#include "storage/case/rows.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

namespace fedsleuth::storage {

using model::ErrorCode;
using model::Result;
using model::SnapshotState;

namespace {

constexpr std::int64_t highest_coordinates = std::int64_t{1} << 36;  // Limits::elements

using MetricsByLine = std::unordered_map<std::int64_t, model::Metrics>;

Result<MetricsByLine> read_metrics(Database& database, const char* table)
{
    FEDSLEUTH_TRY(Statement statement, database.prepare(std::string("SELECT line, name, value FROM metric WHERE line IN"
                                                                    " (SELECT line FROM ") +
                                                        table + ")"));
    MetricsByLine metrics;
    while (true) {
        FEDSLEUTH_TRY(const bool more, statement.step());
        if (!more) return metrics;
        metrics[statement.integer(0)][statement.text(1)] = statement.real(2);
    }
}

Result<std::optional<model::PrivacyMechanism>> read_privacy_mechanism(Database& database)
{
    FEDSLEUTH_TRY(Statement statement,
                  database.prepare("SELECT mechanism, unit, applied_where, clipping_norm, noise_multiplier,"
                                   " sampling_rate, steps_per_round, delta, epsilon_budget FROM privacy_mechanism"));
    FEDSLEUTH_TRY(const bool found, statement.step());
    if (!found) return std::nullopt;
    Row row(statement);
    model::PrivacyMechanism mechanism;
    mechanism.mechanism = row.text(0);
    mechanism.unit = row.text(1);
    mechanism.where = row.text(2);
    mechanism.clipping_norm = row.optional_real(3);
    mechanism.noise_multiplier = row.optional_real(4);
    mechanism.sampling_rate = row.optional_real(5);
    mechanism.steps_per_round = row.optional_real(6);
    mechanism.delta = row.optional_real(7);
    mechanism.epsilon_budget = row.optional_real(8);
    return mechanism;
}

Result<std::optional<model::Trust>> read_trust(Database& database)
{
    FEDSLEUTH_TRY(Statement statement, database.prepare("SELECT ca, crl, server_certificate FROM trust"));
    FEDSLEUTH_TRY(const bool found, statement.step());
    if (!found) return std::nullopt;
    return model::Trust{statement.text(0), statement.text(1), statement.text(2)};
}

/// A noun's file facts, from the columns path, declared, actual, bytes, state, problem_text, state_text, non_finite.
template <class Noun>
void fill_snapshot(Row& row, int column, Noun& noun)
{
    noun.path = row.text(column);
    noun.declared_sha256 = row.text(column + 1);
    noun.actual_sha256 = row.text(column + 2);
    if (row.is_null(column + 2)) {
        // No file was read: it is missing, or its path was refused.
        noun.state = row.text(column + 8) == "unsafe-path" ? SnapshotState::refused : SnapshotState::missing;
        noun.state_text = row.text(column + 5);
        return;
    }
    noun.bytes = row.count(column + 3);
    noun.state = row.named(column + 4, snapshot_state_names);
    noun.state_text = row.text(column + 6);
    noun.non_finite_count = row.count(column + 7);
}

constexpr const char* snapshot_columns =
    "l.path, l.declared_sha256, l.sha256, s.bytes, s.state, l.problem_text, s.state_text, s.non_finite, l.problem";

}  // namespace

Result<std::vector<model::Layer>> read_layers(Database& database)
{
    FEDSLEUTH_TRY(Statement statement, database.prepare("SELECT name, shape, counter FROM layer ORDER BY position"));
    std::vector<model::Layer> layers;
    while (true) {
        FEDSLEUTH_TRY(const bool more, statement.step());
        if (!more) break;
        Row row(statement);
        model::Layer layer;
        layer.name = row.text(0);
        layer.shape = row.shape(1);
        layer.counter = row.truth(2);
        FEDSLEUTH_CHECK(row.check(database, "layer"));
        layers.push_back(std::move(layer));
    }
    const std::int64_t coordinates = model::lay_out(layers);
    if (coordinates < 0 || coordinates > highest_coordinates)
        return model::fail(ErrorCode::malformed, "is damaged: its layers are larger than any model", database.file());
    return layers;
}

Result<model::Federation> CaseFile::federation()
{
    Database& database = inside_->database;
    FEDSLEUTH_TRY(Statement statement,
                  database.prepare("SELECT format, name, framework, framework_version, started_at, update_kind, rule,"
                                   " weighted_by, server_learning_rate, secure_aggregation,"
                                   " iif(json_valid(extra_json), extra_json, '') FROM federation"));
    FEDSLEUTH_TRY(const bool found, statement.step());
    if (!found) return model::fail(ErrorCode::not_found, "nothing was ingested yet", database.file());
    Row row(statement);
    model::Federation federation;
    federation.format = row.text(0);
    federation.name = row.text(1);
    federation.framework = row.text(2);
    federation.framework_version = row.text(3);
    federation.started_at = row.text(4);
    federation.update_kind = row.named(5, update_kind_names);
    federation.aggregation.rule = row.text(6);
    federation.aggregation.weighted_by = row.named(7, weighting_names);
    federation.aggregation.server_learning_rate = row.real(8);
    federation.secure_aggregation = row.truth(9);
    federation.extra_json = row.text(10);
    FEDSLEUTH_CHECK(row.check(database, "federation"));

    FEDSLEUTH_TRY(Statement parameters, database.prepare("SELECT name, value FROM aggregation_parameter"));
    while (true) {
        FEDSLEUTH_TRY(const bool more, parameters.step());
        if (!more) break;
        federation.aggregation.parameters[parameters.text(0)] = parameters.real(1);
    }
    FEDSLEUTH_TRY(federation.privacy, read_privacy_mechanism(database));
    FEDSLEUTH_TRY(federation.trust, read_trust(database));
    FEDSLEUTH_TRY(federation.layers, read_layers(database));
    return federation;
}

Result<std::vector<model::Client>> CaseFile::clients()
{
    Database& database = inside_->database;
    std::map<std::string, std::vector<model::Client::Registration>> earlier;
    FEDSLEUTH_TRY(Statement replaced,
                  database.prepare("SELECT client, registered_at, certificate FROM client_line c WHERE EXISTS"
                                   " (SELECT 1 FROM client_line n WHERE n.client = c.client AND n.line > c.line)"
                                   " ORDER BY line"));
    while (true) {
        FEDSLEUTH_TRY(const bool more, replaced.step());
        if (!more) break;
        earlier[replaced.text(0)].push_back({replaced.text(1), replaced.text(2)});
    }
    // The newest line of each registered client, then those that only sent updates.
    FEDSLEUTH_TRY(Statement statement,
                  database.prepare("SELECT client, 1, registered_at, num_examples, certificate,"
                                   " iif(json_valid(extra_json), extra_json, '') FROM client_line c WHERE NOT EXISTS"
                                   " (SELECT 1 FROM client_line n WHERE n.client = c.client AND n.line > c.line)"
                                   " UNION ALL SELECT DISTINCT client, 0, '', NULL, '', '' FROM update_line"
                                   " WHERE reference = 0 AND client NOT IN (SELECT client FROM client_line)"
                                   " ORDER BY 1"));
    std::vector<model::Client> clients;
    while (true) {
        FEDSLEUTH_TRY(const bool more, statement.step());
        if (!more) return clients;
        Row row(statement);
        model::Client client;
        client.id = row.client(0);
        client.registered = row.truth(1);
        client.registered_at = row.text(2);
        client.num_examples = row.optional_integer(3);
        client.certificate = row.text(4);
        client.extra_json = row.text(5);
        if (const auto found = earlier.find(client.id.text()); found != earlier.end()) client.earlier = found->second;
        clients.push_back(std::move(client));
    }
}

Result<std::vector<model::Update>> CaseFile::updates()
{
    Database& database = inside_->database;
    FEDSLEUTH_TRY(MetricsByLine metrics, read_metrics(database, "update_line"));
    FEDSLEUTH_TRY(const std::vector<model::Checkpoint> checkpoint_list, checkpoints());
    std::set<model::RoundNo> bases;
    for (const model::Checkpoint& checkpoint : checkpoint_list)
        if (checkpoint.usable()) bases.insert(checkpoint.round);
    FEDSLEUTH_TRY(Statement kind, database.prepare("SELECT 1 FROM federation WHERE update_kind = 'weights'"));
    FEDSLEUTH_TRY(const bool whole_weights, kind.step());

    FEDSLEUTH_TRY(Statement statement,
                  database.prepare(std::string("SELECT ") + snapshot_columns +
                                   ", l.line, l.round, l.client, l.received_at, l.num_examples, l.signature,"
                                   " l.signature_scheme, l.weight, l.base_round, l.accepted, l.reason, l.stage,"
                                   " l.reference, iif(json_valid(l.extra_json), l.extra_json, ''), p.line, p.epsilon,"
                                   " p.cumulative, p.delta, p.noise_multiplier, p.clipping_norm, p.sampling_rate,"
                                   " p.steps, p.accountant FROM update_line l"
                                   " LEFT JOIN snapshot s ON s.sha256 = l.sha256"
                                   " LEFT JOIN privacy_claim p ON p.line = l.line"
                                   " WHERE NOT EXISTS (SELECT 1 FROM update_line n WHERE n.round = l.round"
                                   " AND n.client = l.client AND n.reference = l.reference AND n.line > l.line)"
                                   " ORDER BY l.round, l.client, l.line"));
    std::vector<model::Update> updates;
    while (true) {
        FEDSLEUTH_TRY(const bool more, statement.step());
        if (!more) return updates;
        Row row(statement);
        model::Update update;
        fill_snapshot(row, 0, update);
        if (const auto found = metrics.find(row.integer(9)); found != metrics.end())
            update.metrics = std::move(found->second);
        update.line = row.integer(9);
        update.round = row.round(10);
        update.client = row.client(11);
        update.received_at = row.text(12);
        update.num_examples = row.optional_integer(13);
        update.signature = row.signature(14, 15);
        update.weight = row.optional_real(16);
        update.base_round = row.optional_round(17);
        if (const auto accepted = row.optional_integer(18)) update.accepted = *accepted != 0;
        update.reason = row.text(19);
        update.stage = row.text(20);
        update.reference = row.truth(21);
        update.extra_json = row.text(22);
        if (!row.is_null(23)) {
            model::PrivacyClaim claim;
            claim.epsilon = row.optional_real(24);
            claim.cumulative = row.truth(25);
            claim.delta = row.optional_real(26);
            claim.noise_multiplier = row.optional_real(27);
            claim.clipping_norm = row.optional_real(28);
            claim.sampling_rate = row.optional_real(29);
            claim.steps = row.optional_real(30);
            claim.accountant = row.text(31);
            update.privacy = std::move(claim);
        }
        FEDSLEUTH_CHECK(row.check(database, "update_line"));
        if (whole_weights && update.usable() && (update.base() >= update.round || !bases.contains(update.base()))) {
            update.state = SnapshotState::no_base;
            update.state_text = "holds whole weights, and the checkpoint of round " +
                                std::to_string(update.base().value()) + " that they started from is not there";
        }
        updates.push_back(std::move(update));
    }
}

Result<std::vector<model::Checkpoint>> CaseFile::checkpoints()
{
    Database& database = inside_->database;
    FEDSLEUTH_TRY(MetricsByLine metrics, read_metrics(database, "checkpoint_line"));
    FEDSLEUTH_TRY(Statement statement,
                  database.prepare(std::string("SELECT ") + snapshot_columns +
                                   ", l.line, l.round, l.signature, l.signature_scheme,"
                                   " iif(json_valid(l.extra_json), l.extra_json, '') FROM checkpoint_line l"
                                   " LEFT JOIN snapshot s ON s.sha256 = l.sha256 WHERE NOT EXISTS"
                                   " (SELECT 1 FROM checkpoint_line n WHERE n.round = l.round AND n.line > l.line)"
                                   " ORDER BY l.round"));
    std::vector<model::Checkpoint> checkpoints;
    while (true) {
        FEDSLEUTH_TRY(const bool more, statement.step());
        if (!more) return checkpoints;
        Row row(statement);
        model::Checkpoint checkpoint;
        fill_snapshot(row, 0, checkpoint);
        if (const auto found = metrics.find(row.integer(9)); found != metrics.end())
            checkpoint.metrics = std::move(found->second);
        checkpoint.line = row.integer(9);
        checkpoint.round = row.round(10);
        checkpoint.signature = row.signature(11, 12);
        checkpoint.extra_json = row.text(13);
        FEDSLEUTH_CHECK(row.check(database, "checkpoint_line"));
        checkpoints.push_back(std::move(checkpoint));
    }
}

Result<std::vector<model::EvidenceFile>> CaseFile::evidence_files()
{
    Database& database = inside_->database;
    // A line that a later one superseded is listed only where its file is not listed anyway.
    FEDSLEUTH_TRY(
        Statement statement,
        database.prepare("WITH named AS (SELECT 'checkpoint' AS role, line, round, NULL AS client, path,"
                         " declared_sha256, sha256, problem_text FROM checkpoint_line UNION ALL"
                         " SELECT 'update', line, round, client, path, declared_sha256, sha256, problem_text"
                         " FROM update_line),"
                         " newest AS (SELECT max(line) AS line FROM named GROUP BY path, client)"
                         " SELECT o.path, o.role, NULL, o.client, o.bytes, '', o.sha256, 0, '', o.state"
                         " FROM other_file o UNION ALL"
                         " SELECT * FROM (SELECT n.path, n.role, n.round, n.client, coalesce(s.bytes, 0),"
                         " n.declared_sha256, coalesce(n.sha256, ''), p.path IS NOT NULL, coalesce(s.format, ''),"
                         " CASE WHEN n.sha256 IS NULL THEN n.problem_text WHEN s.state = 'usable' THEN 'ok'"
                         " ELSE s.state_text END FROM named n JOIN newest USING (line)"
                         " LEFT JOIN snapshot s ON s.sha256 = n.sha256 LEFT JOIN payload p ON p.id = s.payload"
                         " ORDER BY n.round, n.role, n.line)"));
    std::vector<model::EvidenceFile> files;
    while (true) {
        FEDSLEUTH_TRY(const bool more, statement.step());
        if (!more) return files;
        Row row(statement);
        model::EvidenceFile file;
        file.path = row.text(0);
        file.role = row.text(1);
        file.round = row.optional_round(2);
        file.client = row.optional_client(3);
        file.bytes = row.count(4);
        file.declared_sha256 = row.text(5);
        file.actual_sha256 = row.text(6);
        file.linked = row.truth(7);
        file.format = row.text(8);
        file.state = row.text(9);
        FEDSLEUTH_CHECK(row.check(database, "update_line, checkpoint_line or other_file"));
        files.push_back(std::move(file));
    }
}

Result<std::vector<model::ImportIssue>> CaseFile::import_issues()
{
    Database& database = inside_->database;
    FEDSLEUTH_TRY(Statement statement, database.prepare("SELECT file, line, text FROM import_issue ORDER BY id"));
    std::vector<model::ImportIssue> issues;
    while (true) {
        FEDSLEUTH_TRY(const bool more, statement.step());
        if (!more) return issues;
        issues.push_back({statement.text(0), statement.integer(1), statement.text(2)});
    }
}

}  // namespace fedsleuth::storage
