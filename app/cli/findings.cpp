// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/finding.h"

#include "app/cli/case_access.h"
#include "app/cli/commands.h"

#include <algorithm>
#include <array>
#include <CLI/Validators.hpp>

namespace fedsleuth::cli {

namespace {

struct FindingsCommand {
    CaseOptions common;
    std::string fail_on;
};

constexpr std::array severities{model::Severity::info, model::Severity::low, model::Severity::medium,
                                model::Severity::high, model::Severity::critical};

std::optional<model::Severity> severity_from(std::string_view name)
{
    for (const model::Severity severity : severities)
        if (model::name_of(severity) == name) return severity;
    return std::nullopt;
}

Tone tone_of(model::Severity severity)
{
    switch (severity) {
        case model::Severity::info:
            return Tone::faint;
        case model::Severity::low:
            return Tone::plain;
        case model::Severity::medium:
            return Tone::amber;
        case model::Severity::high:
            return Tone::orange;
        case model::Severity::critical:
            return Tone::red;
    }
    return Tone::plain;
}

model::JsonWriter as_json(const std::vector<model::Finding>& findings)
{
    model::JsonWriter json;
    json.begin_object().key("findings").begin_array();
    for (const model::Finding& finding : findings) {
        json.begin_object().field("kind", finding.kind).field("severity", model::name_of(finding.severity));
        text_or_null(json, "client", finding.client ? finding.client->text() : "");
        round_or_null(json, "round", finding.round);
        json.field("text", finding.text);
        raw_or_text(json, "evidence", finding.evidence_json);
        json.end_object();
    }
    json.end_array().end_object();
    return json;
}

Table as_table(const std::vector<model::Finding>& findings)
{
    Table table({{"severity", "severity"},
                 {"kind", "kind"},
                 {"client", "client"},
                 {"round", "round", true},
                 {"text", "what was found", false, true}});
    for (const model::Finding& finding : findings) {
        table.add({text_cell(model::name_of(finding.severity), tone_of(finding.severity)), text_cell(finding.kind),
                   text_cell(finding.client ? finding.client->text() : ""), round_cell(finding.round),
                   text_cell(finding.text)});
    }
    return table;
}

std::string summary(const std::vector<model::Finding>& findings)
{
    if (findings.empty()) return "No findings.";
    std::string parts;
    for (auto severity = severities.rbegin(); severity != severities.rend(); ++severity) {
        const auto count = std::count_if(findings.begin(), findings.end(),
                                         [&](const model::Finding& finding) { return finding.severity == *severity; });
        if (count == 0) continue;
        if (!parts.empty()) parts += ", ";
        parts += std::to_string(count) + " " + std::string(model::name_of(*severity));
    }
    return plural(static_cast<std::int64_t>(findings.size()), "finding", "findings") + ": " + parts + ".";
}

model::Result<Exit> run_findings(const FindingsCommand& options, const Terminal& terminal)
{
    const std::string& path = options.common.case_path;
    FEDSLEUTH_TRY(const std::unique_ptr<storage::CaseFile> store, open_case(path));
    FEDSLEUTH_TRY(std::vector<model::Finding> findings, store->findings());
    std::stable_sort(findings.begin(), findings.end(), [](const model::Finding& a, const model::Finding& b) {
        if (a.severity != b.severity) return a.severity > b.severity;
        return a.round < b.round;  // what belongs to no round comes first
    });
    FEDSLEUTH_CHECK(print(terminal, options.common.format, as_table(findings), as_json(findings)));
    FEDSLEUTH_TRY(const std::optional<model::Verdicts> verdicts, store->verdicts());
    if (options.common.format == Format::table) terminal.say(summary(findings));
    if (!verdicts)
        terminal.say("Not analysed yet: these are the findings of ingest alone. Next: fedsleuth-cli analyse --case " +
                     quoted(path));
    else if (options.common.format == Format::table)
        terminal.say("Next: fedsleuth-cli verdicts --case " + quoted(path) + " for what they mean for each client.");
    const std::optional<model::Severity> threshold = severity_from(options.fail_on);
    const bool found = threshold && std::any_of(findings.begin(), findings.end(), [&](const model::Finding& finding) {
                           return finding.severity >= *threshold;
                       });
    return found ? Exit::findings : Exit::ok;
}

}  // namespace

void add_findings(CLI::App& program, Chosen& chosen)
{
    CLI::App* command = add_command<FindingsCommand>(
        program, chosen, "findings", "what is wrong with signatures, files, privacy claims, checkpoints",
        [](CLI::App& app, FindingsCommand& options) {
            add_case(app, options.common);
            app.add_option("--fail-on", options.fail_on, "exit code 3 where some finding is that grave, or graver")
                ->check(CLI::IsMember({"info", "low", "medium", "high", "critical"}))
                ->option_text("SEVERITY");
        },
        run_findings);
    command->footer(
        help_footer("  fedsleuth-cli findings --case run-042.fedcase\n"
                    "  fedsleuth-cli findings --case run-042.fedcase --fail-on high --format json\n"
                    "\nSeverities: info, low, medium, high, critical. The gravest come first.\n",
                    "  0 done, 1 failed, 2 the command line makes no sense, 3 a finding is at or above --fail-on\n"));
}

}  // namespace fedsleuth::cli
