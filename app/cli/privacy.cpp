// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/privacy/audit.h"

#include "app/cli/case_access.h"
#include "app/cli/commands.h"
#include "model/text.h"
#include "model/wording.h"

#include <algorithm>
#include <CLI/Validators.hpp>
#include <cmath>

namespace fedsleuth::cli {

namespace {

struct PrivacyCommand {
    CaseOptions common;
    bool rules = false;
    std::string accountant, unit;
    double delta = 0, sampling_rate = 0;  ///< 0: not given
};

/// JSON knows no infinity: a bound that does not exist is null, and said beside it.
void client_json(model::JsonWriter& json, const analysis::PrivacyAudit& audit, const analysis::ClientAudit& client)
{
    json.begin_object().field("client", client.client.text()).field("rounds", client.rounds);
    json.field("rounds_with_claim", client.rounds_with_claim);
    json.optional_field("epsilon_claimed", client.epsilon_claimed);
    json.key("epsilon").begin_object();
    for (std::size_t idx = 0; idx < analysis::audit_accountants.size(); ++idx)
        json.optional_field(analysis::audit_accountants[idx], client.epsilon.values[idx]);
    json.end_object();
    json.field("gdp_under_reports", client.epsilon.gdp_is_a_limit);
    json.optional_field("epsilon_measured", client.epsilon_measured);
    json.field("epsilon_measured_infinite", client.epsilon_measured && std::isinf(*client.epsilon_measured));
    json.field("claims_declared_as", name_of(client.declared)).field("claims_fit", name_of(client.fits));
    json.field("band", name_of(client.band)).optional_field("budget_share", client.budget_share);
    round_or_null(json, "budget_exhausted_round", client.exhausted_in);
    round_or_null(json, "forecast_round", client.forecast);
    const auto series = [&](const char* key, auto field) {
        json.key(key).begin_array();
        for (const analysis::SpentPoint& point : client.series)
            if (point.*field) json.begin_array().value(point.round.value()).value(*(point.*field)).end_array();
        json.end_array();
    };
    const bool recomputed = !client.series.empty() && client.series.back().spent;
    series("series", recomputed ? &analysis::SpentPoint::spent : &analysis::SpentPoint::claimed);
    series("series_claimed", &analysis::SpentPoint::claimed);
    json.field("series_accountant", recomputed ? audit.accountant : std::string("claim"));
    json.key("mechanism").begin_array();
    for (const analysis::MechanismSegment& segment : client.history)
        json.begin_object()
            .field("first_round", segment.first.value())
            .field("last_round", segment.last.value())
            .field("noise_multiplier", segment.noise_multiplier)
            .field("sampling_rate", segment.sampling_rate)
            .field("steps", segment.steps)
            .end_object();
    json.end_array().key("findings").begin_array();
    for (const std::string& kind : client.findings) json.value(kind);
    json.end_array().end_object();
}

void rules_json(model::JsonWriter& json, const analysis::PrivacyAudit& audit)
{
    json.key("rules").begin_array();
    for (const analysis::RuleResult& rule : audit.rules) {
        json.begin_object().field("rule", "P" + std::to_string(rule.number)).field("name", rule.name);
        json.field("outcome", name_of(rule.outcome)).field("sentence", rule.sentence);
        clients_field(json, "clients", rule.clients);
        raw_or_text(json, "evidence", rule.evidence_json);
        json.end_object();
    }
    json.end_array();
}

model::JsonWriter as_json(const analysis::PrivacyAudit& audit)
{
    model::JsonWriter json;
    json.begin_object().optional_field("delta", audit.delta).optional_field("budget", audit.budget);
    json.field("declared", audit.declared).key("accountants").begin_array();
    for (std::size_t idx = 0; idx < analysis::audit_accountants.size(); ++idx)
        if (std::any_of(audit.clients.begin(), audit.clients.end(),
                        [&](const analysis::ClientAudit& client) { return client.epsilon.values[idx].has_value(); }))
            json.value(analysis::audit_accountants[idx]);
    json.end_array();
    text_or_null(json, "accountant", audit.declared ? audit.accountant : "");
    text_or_null(json, "mechanism", audit.mechanism);
    text_or_null(json, "unit", audit.unit);
    text_or_null(json, "where", audit.where);
    json.key("assumptions").begin_array();
    for (const std::string& assumption : audit.assumptions) json.value(assumption);
    json.end_array().key("policy").begin_object();
    json.optional_field("max_epsilon", audit.policy.max_epsilon).field("min_claims", audit.policy.min_claims);
    json.field("delta_times_n", audit.policy.delta_times_n).field("strong_epsilon", audit.policy.strong_epsilon);
    json.field("weak_epsilon", audit.policy.weak_epsilon).end_object();
    json.key("clients").begin_array();
    for (const analysis::ClientAudit& client : audit.clients) client_json(json, audit, client);
    json.end_array();
    rules_json(json, audit);
    return json.end_object();
}

Cell epsilon_cell(const std::optional<double>& epsilon)
{
    if (epsilon && std::isinf(*epsilon)) return {"∞", "inf", Tone::red};
    return fixed_cell(epsilon, 2);
}

Table clients_table(const analysis::PrivacyAudit& audit)
{
    Table table({{"client", "client"},
                 {"rounds", "rounds", true},
                 {"rounds_with_claim", "with claim", true},
                 {"epsilon_claimed", "claimed ε", true},
                 {"rdp", "RDP ε", true},
                 {"pld", "PLD ε", true},
                 {"zcdp", "zCDP ε", true},
                 {"gdp", "GDP ε", true},
                 {"basic", "basic ε", true},
                 {"advanced", "advanced ε", true},
                 {"epsilon_measured", "by noise seen", true},
                 {"budget", "budget ε", true},
                 {"budget_exhausted_round", "over in round", true},
                 {"forecast_round", "forecast", true},
                 {"findings", "findings"}});
    for (const analysis::ClientAudit& client : audit.clients) {
        std::vector<Cell> row{text_cell(client.client.text()), count_cell(client.rounds),
                              count_cell(client.rounds_with_claim), epsilon_cell(client.epsilon_claimed)};
        for (const std::optional<double>& epsilon : client.epsilon.values) row.push_back(epsilon_cell(epsilon));
        row.push_back(epsilon_cell(client.epsilon_measured));
        row.push_back(fixed_cell(audit.budget, 2));
        row.push_back(round_cell(client.exhausted_in));
        if (client.exhausted_in) row.back().tone = Tone::red;
        row.push_back(round_cell(client.forecast));
        std::string kinds;
        for (const std::string& kind : client.findings)
            kinds += (kinds.empty() ? "" : ", ") + (kind.starts_with("privacy-") ? kind.substr(8) : kind);
        row.push_back(text_cell(kinds, Tone::orange));
        table.add(std::move(row));
    }
    for (const std::string& assumption : audit.assumptions) table.note(assumption);
    if (std::any_of(audit.clients.begin(), audit.clients.end(),
                    [](const analysis::ClientAudit& client) { return client.epsilon.gdp_is_a_limit; }))
        table.note("GDP is the central limit here, which under-reports.");
    return table;
}

Table rules_table(const analysis::PrivacyAudit& audit)
{
    Table table({{"rule", "rule"},
                 {"outcome", "outcome"},
                 {"name", "what is checked"},
                 {"sentence", "what the evidence says", false, true}});
    for (const analysis::RuleResult& rule : audit.rules) {
        const Tone tone = rule.outcome == analysis::RuleOutcome::fail      ? Tone::red
                          : rule.outcome == analysis::RuleOutcome::unknown ? Tone::faint
                                                                           : Tone::plain;
        table.add({text_cell("P" + std::to_string(rule.number)), text_cell(name_of(rule.outcome), tone),
                   text_cell(rule.name), text_cell(rule.sentence)});
    }
    return table;
}

void say_result(const Terminal& terminal, const PrivacyCommand& options, const analysis::PrivacyAudit& audit,
                bool analysed)
{
    if (!audit.declared) {
        terminal.say("This federation declares no privacy mechanism, and no client claims anything.");
        return;
    }
    std::int64_t over = 0, failed = 0;
    for (const analysis::ClientAudit& client : audit.clients) over += client.exhausted_in ? 1 : 0;
    for (const analysis::RuleResult& rule : audit.rules) failed += rule.outcome == analysis::RuleOutcome::fail;
    terminal.say(plural(over, "client", "clients") + " over budget (by " + model::accountant_words(audit.accountant) +
                 "); " + plural(failed, "rule", "rules") + " of 20 failed.");
    const std::string path = quoted(options.common.case_path);
    if (!analysed)
        terminal.say(
            "Not analysed yet: the noise in the updates was not measured. Next: fedsleuth-cli analyse --case " + path);
    else if (!options.rules)
        terminal.say("Next: fedsleuth-cli privacy --rules --case " + path + " for what each rule says.");
}

model::Result<Exit> run_privacy(const PrivacyCommand& options, const Terminal& terminal)
{
    FEDSLEUTH_TRY(const std::unique_ptr<storage::CaseFile> store, open_case(options.common.case_path));
    FEDSLEUTH_TRY(const analysis::NoiseEvidence evidence, analysis::kept_noise_evidence(*store));
    analysis::AuditOptions asked;
    asked.accountant = options.accountant;
    if (options.delta != 0) asked.delta = options.delta;
    if (options.sampling_rate != 0) asked.sampling_rate = options.sampling_rate;
    if (!options.unit.empty()) asked.unit = options.unit;
    model::Progress progress;
    FEDSLEUTH_TRY(const analysis::PrivacyAudit audit, analysis::audit_privacy(*store, evidence, asked, progress));
    const Format format = options.common.format;
    FEDSLEUTH_CHECK(print(terminal, format, options.rules ? rules_table(audit) : clients_table(audit), as_json(audit)));
    FEDSLEUTH_TRY(const std::optional<model::Verdicts> verdicts, store->verdicts());
    if (format == Format::table) say_result(terminal, options, audit, verdicts.has_value());
    return Exit::ok;
}

void describe(CLI::App& app, PrivacyCommand& options)
{
    add_case(app, options.common);
    app.add_flag("--rules", options.rules, "the twenty rules with their outcome, in place of the clients");
    app.add_option("--accountant", options.accountant, "whose ε counts for series, budget and forecast")
        ->check(CLI::IsMember({"rdp", "pld", "zcdp", "gdp", "basic", "advanced"}))
        ->option_text("NAME");
    app.add_option("--delta", options.delta, "δ in place of the declared one")->option_text("DELTA");
    app.add_option("--sampling-rate", options.sampling_rate, "q in place of the declared and claimed ones")
        ->option_text("RATE");
    app.add_option("--unit", options.unit, "what is protected: client or example")
        ->check(CLI::IsMember({"client", "example"}))
        ->option_text("UNIT");
}

}  // namespace

void add_privacy(CLI::App& program, Chosen& chosen)
{
    CLI::App* command = add_command<PrivacyCommand>(program, chosen, "privacy",
                                                    "what each client spent of the privacy budget, and what it claimed",
                                                    describe, run_privacy);
    command->footer(
        help_footer("  fedsleuth-cli privacy --case run-042.fedcase\n"
                    "  fedsleuth-cli privacy --case run-042.fedcase --rules\n"
                    "  fedsleuth-cli privacy --case run-042.fedcase --accountant pld --delta 1e-6 --format json\n"
                    "\nThe series is the recomputed ε after each round, under --accountant (the one that most claims "
                    "name, else rdp);\n"
                    "where the log does not give the noise it is the cumulated claim. null: not known. Limits of the "
                    "case: policy.\n"));
}

}  // namespace fedsleuth::cli
