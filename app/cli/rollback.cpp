// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/rollback_candidate.h"

#include "app/cli/case_access.h"
#include "app/cli/commands.h"

#include <algorithm>

namespace fedsleuth::cli {

namespace {

model::JsonWriter as_json(const model::Rollback& rollback)
{
    model::JsonWriter json;
    json.begin_object();
    round_or_null(json, "recommended", rollback.recommended);
    round_or_null(json, "first_poisoned_round", rollback.first_poisoned_round);
    json.key("candidates").begin_array();
    for (const model::RollbackCandidate& candidate : rollback.candidates) {
        json.begin_object().field("round", candidate.round.value());
        json.field("clean_probability", candidate.clean_probability);
        json.optional_field("contamination", candidate.contamination);
        json.field("signature", candidate.signature).field("aggregation", candidate.aggregation);
        json.optional_field("residual", candidate.residual);
        metrics_field(json, "metrics", candidate.metrics);
        json.field("status", candidate.status).field("why", candidate.why).end_object();
    }
    json.end_array().end_object();
    return json;
}

Tone tone_of(std::string_view status)
{
    return status == "contaminated" ? Tone::red : status == "suspect" ? Tone::orange : Tone::plain;
}

Table as_table(const model::Rollback& rollback)
{
    Table table({{"recommended", ""},
                 {"round", "round", true},
                 {"status", "status"},
                 {"clean_probability", "P(clean)", true},
                 {"contamination", "contamination (%)", true},
                 {"signature", "signature"},
                 {"aggregation", "aggregation"},
                 {"residual", "residual", true},
                 {"metrics", "metrics"},
                 {"why", "why", false, true}});
    for (const model::RollbackCandidate& candidate : rollback.candidates) {
        const bool recommended = rollback.recommended == candidate.round;
        std::optional<double> percent;
        if (candidate.contamination) percent = *candidate.contamination * 100;
        Cell contamination = fixed_cell(percent, 2);
        contamination.data = number_cell(candidate.contamination).data;  // the machine's form is the fraction
        table.add({{recommended ? "→" : "", recommended ? "true" : "false", Tone::plain},
                   round_cell(candidate.round),
                   text_cell(candidate.status, tone_of(candidate.status)),
                   fixed_cell(candidate.clean_probability, 3),
                   contamination,
                   text_cell(candidate.signature),
                   text_cell(candidate.aggregation),
                   number_cell(candidate.residual, 2),
                   metrics_cell(candidate.metrics),
                   text_cell(candidate.why)});
    }
    return table;
}

model::Result<Exit> run_rollback(const CaseOptions& options, const Terminal& terminal)
{
    FEDSLEUTH_TRY(const std::unique_ptr<storage::CaseFile> store, open_case(options.case_path));
    FEDSLEUTH_TRY(model::Rollback rollback, analysed_rollback(*store, options.case_path));
    std::stable_sort(rollback.candidates.begin(), rollback.candidates.end(),
                     [](const auto& a, const auto& b) { return a.round < b.round; });
    FEDSLEUTH_CHECK(print(terminal, options.format, as_table(rollback), as_json(rollback)));
    if (options.format != Format::table) return Exit::ok;
    if (!rollback.first_poisoned_round)
        terminal.say("No round is known to be poisoned.");
    else
        terminal.say("The first poisoned round is " + std::to_string(rollback.first_poisoned_round->value()) + ".");
    if (rollback.recommended)
        terminal.say("Go back to the checkpoint of round " + std::to_string(rollback.recommended->value()) + " (→).");
    else
        terminal.say("No checkpoint can be recommended.");
    return Exit::ok;
}

}  // namespace

void add_rollback(CLI::App& program, Chosen& chosen)
{
    CLI::App* command = add_command<CaseOptions>(program, chosen, "rollback", "which checkpoint is the last clean one",
                                                 add_case, run_rollback);
    command->footer(help_footer(
        "  fedsleuth-cli rollback --case run-042.fedcase\n"
        "  fedsleuth-cli rollback --case run-042.fedcase --format json\n"
        "\nP(clean): that no update before the checkpoint was malicious. Contamination: what flagged clients\n"
        "added, as a share of all that training has moved the model. Residual: how far the shipped step is\n"
        "from the one that the updates and the declared rule give. In JSON and CSV contamination is a fraction.\n"));
}

}  // namespace fedsleuth::cli
