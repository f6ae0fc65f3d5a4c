// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/ingest/log_lines.h"

#include "storage/case/rows.h"

#include <algorithm>

namespace fedsleuth::storage {

using model::Result;

namespace {

Result<void> write_metrics(Database& database, std::int64_t line, const model::Metrics& metrics)
{
    if (metrics.empty()) return {};
    FEDSLEUTH_TRY(Statement insert, database.prepare("INSERT INTO metric (line, name, value) VALUES (?1, ?2, ?3)"));
    for (const auto& [name, value] : metrics) FEDSLEUTH_CHECK(insert.run(line, name, value));
    return {};
}

Result<void> write_members(Database& database, std::int64_t line, bool failed,
                           const std::vector<model::ClientId>& clients)
{
    FEDSLEUTH_TRY(Statement insert, database.prepare("INSERT INTO round_member (line, failed, position, client)"
                                                     " VALUES (?1, ?2, ?3, ?4)"));
    std::int64_t position = 0;
    for (const model::ClientId& client : clients) FEDSLEUTH_CHECK(insert.run(line, failed, position++, client));
    return {};
}

Result<void> write_claim(Database& database, std::int64_t line, const model::PrivacyClaim& claim)
{
    FEDSLEUTH_TRY(Statement insert,
                  database.prepare("INSERT INTO privacy_claim (line, epsilon, cumulative, delta, noise_multiplier,"
                                   " clipping_norm, sampling_rate, steps, accountant)"
                                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"));
    return insert.run(line, claim.epsilon, claim.cumulative, claim.delta, claim.noise_multiplier, claim.clipping_norm,
                      claim.sampling_rate, claim.steps, claim.accountant);
}

/// Sets the file's facts of a line that is there already. False: it is not.
Result<bool> set_facts(Database& database, const char* table, std::int64_t line, const FileFacts& facts)
{
    FEDSLEUTH_TRY(Statement update, database.prepare(std::string("UPDATE ") + table +
                                                     " SET sha256 = ?2, problem = ?3, problem_text = ?4"
                                                     " WHERE line = ?1"));
    const std::int64_t before = database.total_changes();
    FEDSLEUTH_CHECK(update.run(line, facts.sha256, facts.problem, facts.text));
    return database.total_changes() != before;
}

std::optional<std::string> base64_of(const std::optional<model::Signature>& signature)
{
    if (!signature) return std::nullopt;
    return signature->base64;
}

std::optional<std::string> scheme_of(const std::optional<model::Signature>& signature)
{
    if (!signature) return std::nullopt;
    return signature->scheme;
}

}  // namespace

void drop_impossible_rounds(RoundLog& log)
{
    const auto drop = [&log](auto& lines, const auto& round_of) {
        std::erase_if(lines, [&](const auto& logged) {
            if (round_of(logged.noun) <= highest_round) return false;
            log.issues.push_back(
                {"federation.jsonl", logged.line, "The line names a round that no federation reaches."});
            return true;
        });
    };
    drop(log.updates, [](const model::Update& update) {
        return std::max(update.round.value(), update.base_round.value_or(model::RoundNo{0}).value());
    });
    drop(log.rounds, [](const model::Round& round) { return round.number.value(); });
    drop(log.checkpoints, [](const model::Checkpoint& checkpoint) { return checkpoint.round.value(); });
}

Result<void> write_federation(Database& database, const model::Federation& federation)
{
    FEDSLEUTH_CHECK(
        database.run("DELETE FROM federation; DELETE FROM aggregation_parameter;"
                     "DELETE FROM privacy_mechanism; DELETE FROM trust"));
    FEDSLEUTH_TRY(Statement row,
                  database.prepare("INSERT INTO federation (id, format, name, framework, framework_version,"
                                   " started_at, update_kind, rule, weighted_by, server_learning_rate,"
                                   " secure_aggregation, extra_json)"
                                   " VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"));
    const model::Aggregation& aggregation = federation.aggregation;
    FEDSLEUTH_CHECK(row.run(federation.format, federation.name, federation.framework, federation.framework_version,
                            federation.started_at, name_in(update_kind_names, federation.update_kind), aggregation.rule,
                            name_in(weighting_names, aggregation.weighted_by), aggregation.server_learning_rate,
                            federation.secure_aggregation, federation.extra_json));
    FEDSLEUTH_TRY(Statement parameter, database.prepare("INSERT INTO aggregation_parameter VALUES (?1, ?2)"));
    for (const auto& [name, value] : aggregation.parameters) FEDSLEUTH_CHECK(parameter.run(name, value));
    if (const auto& privacy = federation.privacy) {
        FEDSLEUTH_TRY(Statement mechanism,
                      database.prepare("INSERT INTO privacy_mechanism (id, mechanism, unit, applied_where,"
                                       " clipping_norm, noise_multiplier, sampling_rate, steps_per_round, delta,"
                                       " epsilon_budget) VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"));
        FEDSLEUTH_CHECK(mechanism.run(privacy->mechanism, privacy->unit, privacy->where, privacy->clipping_norm,
                                      privacy->noise_multiplier, privacy->sampling_rate, privacy->steps_per_round,
                                      privacy->delta, privacy->epsilon_budget));
    }
    if (const auto& trust = federation.trust) {
        FEDSLEUTH_TRY(Statement insert, database.prepare("INSERT INTO trust VALUES (1, ?1, ?2, ?3)"));
        FEDSLEUTH_CHECK(insert.run(trust->ca, trust->crl, trust->server_certificate));
    }
    return {};
}

Result<void> write_layers(Database& database, const std::vector<model::Layer>& layers)
{
    FEDSLEUTH_CHECK(database.run("DELETE FROM layer"));
    FEDSLEUTH_TRY(Statement insert,
                  database.prepare("INSERT INTO layer (position, name, shape, counter) VALUES (?1, ?2, ?3, ?4)"));
    std::int64_t position = 0;
    for (const model::Layer& layer : layers)
        FEDSLEUTH_CHECK(insert.run(position++, layer.name, shape_column(layer.shape), layer.counter));
    return {};
}

Result<std::set<std::int64_t>> lines_in(Database& database, const std::string& table)
{
    FEDSLEUTH_TRY(Statement statement, database.prepare("SELECT line FROM " + table));
    std::set<std::int64_t> lines;
    while (true) {
        FEDSLEUTH_TRY(const bool more, statement.step());
        if (!more) return lines;
        lines.insert(statement.integer(0));
    }
}

Result<void> write_new_clients(Database& database, const RoundLog& log)
{
    FEDSLEUTH_TRY(const auto known, lines_in(database, "client_line"));
    FEDSLEUTH_TRY(Statement insert,
                  database.prepare("INSERT INTO client_line (line, client, registered_at, num_examples, certificate,"
                                   " extra_json) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"));
    for (const auto& [client, line, superseded] : log.clients)
        if (!known.contains(line))
            FEDSLEUTH_CHECK(insert.run(line, client.id, client.registered_at, client.num_examples, client.certificate,
                                       client.extra_json));
    return {};
}

Result<void> write_new_rounds(Database& database, const RoundLog& log)
{
    FEDSLEUTH_TRY(const auto known, lines_in(database, "round_line"));
    FEDSLEUTH_TRY(Statement insert,
                  database.prepare("INSERT INTO round_line (line, round, started_at, finished_at, extra_json)"
                                   " VALUES (?1, ?2, ?3, ?4, ?5)"));
    for (const auto& [round, line, superseded] : log.rounds) {
        if (known.contains(line)) continue;
        FEDSLEUTH_CHECK(insert.run(line, round.number, round.started_at, round.finished_at, round.extra_json));
        FEDSLEUTH_CHECK(write_members(database, line, false, round.selected));
        FEDSLEUTH_CHECK(write_members(database, line, true, round.failed));
        FEDSLEUTH_CHECK(write_metrics(database, line, round.metrics));
    }
    return {};
}

Result<void> write_update(Database& database, const Logged<model::Update>& logged, const FileFacts& facts)
{
    FEDSLEUTH_TRY(const bool known, set_facts(database, "update_line", logged.line, facts));
    if (known) return {};
    const model::Update& update = logged.noun;
    FEDSLEUTH_TRY(Statement insert,
                  database.prepare("INSERT INTO update_line (line, round, client, received_at, num_examples, path,"
                                   " declared_sha256, sha256, problem, problem_text, signature, signature_scheme,"
                                   " weight, base_round, accepted, reason, stage, reference, extra_json) VALUES (?1,"
                                   " ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,"
                                   " ?19)"));
    FEDSLEUTH_CHECK(insert.run(logged.line, update.round, update.client, update.received_at, update.num_examples,
                               update.path, update.declared_sha256, facts.sha256, facts.problem, facts.text,
                               base64_of(update.signature), scheme_of(update.signature), update.weight,
                               update.base_round, update.accepted, update.reason, update.stage, update.reference,
                               update.extra_json));
    if (update.privacy) FEDSLEUTH_CHECK(write_claim(database, logged.line, *update.privacy));
    return write_metrics(database, logged.line, update.metrics);
}

Result<void> write_checkpoint(Database& database, const Logged<model::Checkpoint>& logged, const FileFacts& facts)
{
    FEDSLEUTH_TRY(const bool known, set_facts(database, "checkpoint_line", logged.line, facts));
    if (known) return {};
    const model::Checkpoint& checkpoint = logged.noun;
    FEDSLEUTH_TRY(Statement insert,
                  database.prepare("INSERT INTO checkpoint_line (line, round, path, declared_sha256, sha256, problem,"
                                   " problem_text, signature, signature_scheme, extra_json)"
                                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"));
    FEDSLEUTH_CHECK(insert.run(logged.line, checkpoint.round, checkpoint.path, checkpoint.declared_sha256, facts.sha256,
                               facts.problem, facts.text, base64_of(checkpoint.signature),
                               scheme_of(checkpoint.signature), checkpoint.extra_json));
    return write_metrics(database, logged.line, checkpoint.metrics);
}

}  // namespace fedsleuth::storage
