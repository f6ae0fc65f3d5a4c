// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rollback/answer.h"

#include "app/cli/case_access.h"
#include "app/cli/commands.h"
#include "app/cli/long_step.h"
#include "model/text.h"
#include "model/wording.h"

namespace fedsleuth::cli {

namespace {

void rounds_field(model::JsonWriter& json, std::string_view name, const std::vector<model::RoundNo>& rounds)
{
    json.key(name).begin_array();
    for (const model::RoundNo round : rounds) json.value(round.value());
    json.end_array();
}

void contamination_field(model::JsonWriter& json, const std::optional<analysis::Counterfactual>& measured)
{
    json.key("contamination");
    if (!measured) {
        json.null();
        return;
    }
    json.begin_object().optional_field("secant", measured->secant).key("clients").begin_array();
    for (std::size_t idx = 0; idx < measured->removals.size(); ++idx) {
        json.begin_object().field("client", measured->removals[idx].client.text());
        json.field("since", measured->removals[idx].since.value()).key("share");
        idx < measured->share.size() ? json.value(measured->share[idx]) : json.null();
        json.end_object();
    }
    json.end_array();
    rounds_field(json, "tampered_rounds", measured->tampered);
    rounds_field(json, "rounds_not_redone", measured->not_redone);
    json.key("curve").begin_array();
    for (const analysis::CounterfactualPoint& point : measured->points) {
        json.begin_object().field("round", point.round.value()).field("way", point.way);
        json.field("injected", point.injected).field("frozen", point.frozen).field("corrected", point.corrected);
        json.field("bound", point.bound).end_object();
    }
    json.end_array().key("notes").begin_array();
    for (const std::string& note : measured->notes) json.value(note);
    json.end_array().end_object();
}

void price_field(model::JsonWriter& json, const std::optional<analysis::RollbackPrice>& price)
{
    json.key("price");
    if (!price) {
        json.null();
        return;
    }
    json.begin_object().field("rounds", price->rounds).field("updates", price->updates);
    json.field("clean_updates", price->clean_updates).field("clean_clients", price->clean_clients);
    json.field("clean_examples", price->clean_examples);
    metrics_field(json, "then", price->then);
    metrics_field(json, "now", price->now);
    json.end_object();
}

model::JsonWriter as_json(const analysis::RollbackAnswer& answer)
{
    const model::Rollback& rollback = answer.rollback;
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
    json.end_array().key("last_clean").begin_array();
    for (std::size_t level = 0; level < answer.last_clean.size(); ++level) {
        json.begin_object().field("probability", analysis::cleanliness_levels[level]);
        round_or_null(json, "round", answer.last_clean[level]);
        json.end_object();
    }
    json.end_array();
    round_or_null(json, "tolerant", answer.tolerant);
    json.field("tolerated_contamination", analysis::tolerated_influence);
    price_field(json, answer.price);
    json.field("by_decision", answer.by_decision()).field("depends_on_doubt", answer.depends_on_doubt());
    json.key("sensitivity").begin_array();
    for (const analysis::Toggle& toggle : answer.sensitivity) {
        json.begin_object().field("client", toggle.client.text()).field("probability", toggle.probability);
        round_or_null(json, "if_malicious", toggle.if_malicious);
        round_or_null(json, "if_clean", toggle.if_clean);
        json.end_object();
    }
    json.end_array();
    contamination_field(json, answer.contamination);
    json.end_object();
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
                   {model::signature_words(candidate.signature), candidate.signature},
                   {model::aggregation_words(candidate.aggregation), candidate.aggregation},
                   number_cell(candidate.residual, 2),
                   metrics_cell(candidate.metrics),
                   text_cell(candidate.why)});
    }
    return table;
}

std::string round_text(std::optional<model::RoundNo> round)
{
    return round ? "round " + std::to_string(round->value()) : std::string("none");
}

/// What a person wants to know beside the table.
void say_answer(const Terminal& terminal, const analysis::RollbackAnswer& answer)
{
    const model::Rollback& rollback = answer.rollback;
    if (!rollback.first_poisoned_round)
        terminal.say("No round is known to be poisoned.");
    else
        terminal.say("The first poisoned round is " + std::to_string(rollback.first_poisoned_round->value()) + ".");
    if (rollback.recommended)
        terminal.say("Go back to the checkpoint of round " + std::to_string(rollback.recommended->value()) + " (→).");
    else
        terminal.say("No checkpoint can be recommended.");
    terminal.say("Last clean with probability 0.5: " + round_text(answer.last_clean[0]) + "; with 0.95: " +
                 round_text(answer.last_clean[1]) + "; with 0.99: " + round_text(answer.last_clean[2]) +
                 ". Contamination is at most 1 % up to " + round_text(answer.tolerant) + ".");
    if (const std::string uncounted = answer.uncounted(); !uncounted.empty()) terminal.say(uncounted);
    if (answer.price && answer.price->rounds > 0)
        terminal.say("Going back loses " + plural(answer.price->rounds, "round", "rounds") + " and " +
                     plural(answer.price->clean_updates, "update", "updates") + " of " +
                     plural(answer.price->clean_clients, "client", "clients") + " that nobody suspects.");
    if (answer.by_decision()) terminal.say("Decisions of an analyst are part of this answer.");
    for (const analysis::Toggle& toggle : answer.sensitivity)
        if (toggle.if_malicious != rollback.recommended || toggle.if_clean != rollback.recommended)
            terminal.say("This depends on " + model::visible(toggle.client.text()) + " (P " +
                         model::short_number(toggle.probability, 2) + "): if malicious, go back to " +
                         round_text(toggle.if_malicious) + "; if clean, to " + round_text(toggle.if_clean) + ".");
}

model::Result<Exit> run_rollback(const CaseOptions& options, const Terminal& terminal)
{
    FEDSLEUTH_TRY(const std::unique_ptr<storage::CaseFile> store, open_case(options.case_path));
    FEDSLEUTH_CHECK(analysed_verdicts(*store, options.case_path));
    const Interrupts interrupts;
    auto answer = [&] {
        LongStep step(terminal);
        return analysis::measured_rollback_answer(*store, *store, false, step.progress());
    }();
    if (!answer) return model::pass_on(std::move(answer.error()));
    FEDSLEUTH_CHECK(print(terminal, options.format, as_table((*answer)->rollback), as_json(**answer)));
    if (options.format == Format::table) say_answer(terminal, **answer);
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
        "\nP(clean): that no update before the checkpoint was malicious. Contamination: how far the model would\n"
        "lie from this one without flagged clients, as a share of the way that training has moved it. Residual:\n"
        "how far the shipped step is from the one that the updates and the declared rule give. Decisions of an\n"
        "analyst override verdicts. In JSON and CSV contamination is a fraction; the JSON has the curve, what\n"
        "going back costs, and what would be recommended if doubtful clients were malicious, or clean.\n"));
}

}  // namespace fedsleuth::cli
