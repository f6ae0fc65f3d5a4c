// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/report/report_parts.h"

#include "model/json_writer.h"

namespace fedsleuth::analysis {

using model::JsonWriter;

namespace {

void round_field(JsonWriter& json, std::string_view name, std::optional<model::RoundNo> round)
{
    json.key(name);
    round ? json.value(round->value()) : json.null();
}

void rounds_field(JsonWriter& json, std::string_view name, const std::vector<model::RoundNo>& rounds)
{
    json.key(name).begin_array();
    for (const model::RoundNo round : rounds) json.value(round.value());
    json.end_array();
}

void metrics_field(JsonWriter& json, std::string_view name, const model::Metrics& metrics)
{
    json.key(name).begin_object();
    for (const auto& [metric, value] : metrics) json.field(metric, value);
    json.end_object();
}

void strings_field(JsonWriter& json, std::string_view name, const std::vector<std::string>& texts)
{
    json.key(name).begin_array();
    for (const std::string& text : texts) json.value(text);
    json.end_array();
}

void reasons_field(JsonWriter& json, std::string_view name, const std::vector<model::Reason>& reasons)
{
    json.key(name).begin_array();
    for (const model::Reason& reason : reasons) {
        json.begin_object().field("detector", reason.detector).field("round", reason.round.value());
        json.field("text", reason.text).field("evidence", reason.evidence).end_object();
    }
    json.end_array();
}

void add_federation(JsonWriter& json, const ReportData& data)
{
    const model::Federation& federation = data.federation;
    json.key("federation").begin_object().field("name", federation.name).field("framework", federation.framework);
    json.field("framework_version", federation.framework_version).field("started_at", federation.started_at);
    json.field("rule", federation.aggregation.rule).field("secure_aggregation", federation.secure_aggregation);
    json.field("rounds", static_cast<std::int64_t>(data.rounds.size()));
    json.field("clients", static_cast<std::int64_t>(data.clients.size()));
    json.field("updates", static_cast<std::int64_t>(data.updates.size()));
    json.field("checkpoints", static_cast<std::int64_t>(data.checkpoints.size())).end_object();
}

void add_conclusions(JsonWriter& json, const ReportData& data)
{
    json.key("conclusions").begin_array();
    for (const model::Decision& decision : data.decisions) {
        json.begin_object().field("client", decision.client.text()).field("decided", name_of(decision.decided));
        json.field("note", decision.note).field("actor", decision.actor).field("time", decision.time).end_object();
    }
    json.end_array();
}

void add_clients(JsonWriter& json, const ReportData& data)
{
    json.key("clients").begin_array();
    if (data.verdicts)
        for (const model::Verdict& verdict : data.verdicts->clients) {
            json.begin_object().field("client", verdict.client.text()).field("class", name_of(verdict.verdict));
            json.field("class_in_force", name_of(data.shown_class(verdict.client))).key("probability");
            verdict.verdict == model::VerdictClass::unknown ? json.null() : json.value(verdict.probability);
            round_field(json, "first_bad_round", verdict.first_bad_round);
            rounds_field(json, "bad_rounds", verdict.bad_rounds);
            json.field("attack", verdict.attack).field("family", verdict.family);
            reasons_field(json, "reasons", verdict.reasons);
            reasons_field(json, "against", verdict.against);
            json.optional_field("group", verdict.group).end_object();
        }
    json.end_array().field("analysed", data.verdicts.has_value());
    json.field("inspectable", !data.verdicts || data.verdicts->inspectable).key("why_not");
    data.verdicts && !data.verdicts->inspectable ? json.value(data.verdicts->why_not) : json.null();
}

void add_findings(JsonWriter& json, const ReportData& data)
{
    json.key("findings").begin_array();
    for (const model::Finding& finding : data.findings) {
        json.begin_object().field("kind", finding.kind).field("severity", name_of(finding.severity)).key("client");
        finding.client ? json.value(finding.client->text()) : json.null();
        round_field(json, "round", finding.round);
        json.field("text", finding.text).key("evidence").raw(finding.evidence_json).end_object();
    }
    json.end_array();
}

void add_rollback(JsonWriter& json, const ReportData& data)
{
    json.key("rollback");
    if (!data.rollback) {
        json.null();
        return;
    }
    const RollbackAnswer& answer = *data.rollback;
    json.begin_object();
    round_field(json, "recommended", answer.rollback.recommended);
    round_field(json, "first_poisoned_round", answer.rollback.first_poisoned_round);
    json.key("last_clean").begin_array();
    for (std::size_t level = 0; level < answer.last_clean.size(); ++level) {
        json.begin_object().field("probability", cleanliness_levels[level]);
        round_field(json, "round", answer.last_clean[level]);
        json.end_object();
    }
    json.end_array();
    round_field(json, "tolerant", answer.tolerant);
    json.field("by_decision", answer.by_decision()).field("depends_on_doubt", answer.depends_on_doubt());
    json.key("sensitivity").begin_array();
    for (const Toggle& toggle : answer.sensitivity) {
        json.begin_object().field("client", toggle.client.text()).field("probability", toggle.probability);
        round_field(json, "if_malicious", toggle.if_malicious);
        round_field(json, "if_clean", toggle.if_clean);
        json.end_object();
    }
    json.end_array().key("price");
    if (answer.price) {
        json.begin_object().field("rounds", answer.price->rounds).field("updates", answer.price->updates);
        json.field("clean_updates", answer.price->clean_updates).field("clean_clients", answer.price->clean_clients);
        json.field("clean_examples", answer.price->clean_examples);
        metrics_field(json, "then", answer.price->then);
        metrics_field(json, "now", answer.price->now);
        json.end_object();
    } else {
        json.null();
    }
    json.key("candidates").begin_array();
    for (const model::RollbackCandidate& candidate : answer.rollback.candidates) {
        json.begin_object().field("round", candidate.round.value()).field("status", candidate.status);
        json.field("clean_probability", candidate.clean_probability);
        json.optional_field("contamination", candidate.contamination).field("signature", candidate.signature);
        json.field("aggregation", candidate.aggregation).optional_field("residual", candidate.residual);
        metrics_field(json, "metrics", candidate.metrics);
        json.field("why", candidate.why).end_object();
    }
    json.end_array().key("contamination");
    answer.contamination ? json.raw(contamination_json(*answer.contamination)) : json.null();
    json.end_object();
}

void add_privacy(JsonWriter& json, const PrivacyAudit& audit)
{
    json.key("privacy").begin_object().field("declared", audit.declared).field("mechanism", audit.mechanism);
    json.field("unit", audit.unit).field("where", audit.where).optional_field("delta", audit.delta);
    json.optional_field("budget", audit.budget).field("accountant", audit.accountant);
    strings_field(json, "assumptions", audit.assumptions);
    json.key("clients").begin_array();
    for (const ClientAudit& client : audit.clients) {
        json.begin_object().field("client", client.client.text()).field("rounds", client.rounds);
        json.optional_field("epsilon_claimed", client.epsilon_claimed).key("epsilon").begin_object();
        for (const std::string_view accountant : audit_accountants)
            json.optional_field(accountant, client.epsilon.under(accountant));
        json.end_object().optional_field("epsilon_measured", client.epsilon_measured);
        json.field("claims_read_as", name_of(client.fits));
        round_field(json, "budget_exhausted_round", client.exhausted_in);
        round_field(json, "forecast_round", client.forecast);
        json.key("series").begin_array();
        for (const SpentPoint& point : client.series) {
            json.begin_object().field("round", point.round.value()).optional_field("claimed", point.claimed);
            json.optional_field("spent", point.spent).end_object();
        }
        json.end_array().end_object();
    }
    json.end_array().key("rules").begin_array();
    for (const RuleResult& rule : audit.rules) {
        json.begin_object()
            .field("number", rule.number)
            .field("name", rule.name)
            .field("outcome", name_of(rule.outcome));
        json.field("sentence", rule.sentence).key("evidence").raw(rule.evidence_json).key("clients").begin_array();
        for (const model::ClientId& client : rule.clients) json.value(client.text());
        json.end_array().end_object();
    }
    json.end_array().end_object();
}

void add_record(JsonWriter& json, const ReportData& data)
{
    json.key("record").begin_object().key("custody_head");
    data.custody.empty() ? json.null() : json.value(data.custody.back().hash);
    strings_field(json, "detectors", data.detectors);
    json.key("limits").begin_object();
    for (const auto& [name, value] : data.policy) json.field(name, value);
    json.end_object().key("custody").begin_array();
    for (const model::CustodyEntry& entry : data.custody) {
        json.begin_object().field("index", entry.index).field("time", entry.time).field("actor", entry.actor);
        json.field("action", entry.action).field("subject", entry.subject);
        json.key("parameters").raw(entry.parameters_json).field("sha256", entry.sha256);
        json.field("previous", entry.previous).field("hash", entry.hash).end_object();
    }
    json.end_array().key("evidence").begin_array();
    for (const model::EvidenceFile& file : data.files) {
        json.begin_object().field("path", file.path).field("role", file.role).field("bytes", file.bytes);
        json.field("sha256", file.actual_sha256).field("declared_sha256", file.declared_sha256);
        json.field("state", file.state).end_object();
    }
    json.end_array().key("import_issues").begin_array();
    for (const model::ImportIssue& issue : data.issues) {
        json.begin_object().field("file", issue.file).field("line", issue.line).field("text", issue.text).end_object();
    }
    json.end_array().end_object();
}

}  // namespace

std::string report_json(const ReportData& data, const Report& report, const ReportOptions& options)
{
    JsonWriter json;
    json.begin_object().field("format", "fedsleuth-report/1").field("title", report.title);
    json.field("headline", report.headline).field("made_at", report.made_at).field("version", report.version);
    json.field("pseudonyms", options.pseudonyms);
    add_federation(json, data);
    add_conclusions(json, data);
    add_clients(json, data);
    add_rollback(json, data);
    add_findings(json, data);
    add_privacy(json, data.audit);
    strings_field(json, "not_checked", not_checked(data));
    add_record(json, data);
    json.end_object();
    return json.text() + "\n";
}

}  // namespace fedsleuth::analysis
