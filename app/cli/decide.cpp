// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/decision.h"

#include "app/cli/case_access.h"
#include "app/cli/commands.h"

#include <CLI/Validators.hpp>

namespace fedsleuth::cli {

namespace {

struct DecideCommand {
    CaseOptions common;
    std::string client;
    std::string decided;
    std::string note;
};

model::Result<Exit> run_decide(const DecideCommand& options, const Terminal& terminal)
{
    const std::string& path = options.common.case_path;
    FEDSLEUTH_TRY(const std::unique_ptr<storage::CaseFile> store, open_case(path, storage::CaseFile::Mode::read_write));
    model::Decision decision;
    decision.client = model::ClientId(options.client);
    decision.decided = model::verdict_class_from(options.decided).value_or(model::VerdictClass::watch);
    decision.note = options.note;
    FEDSLEUTH_CHECK(known_client(*store, decision.client, path));
    FEDSLEUTH_CHECK(store->add_decision(decision));
    FEDSLEUTH_TRY(const auto decisions, newest_decisions(*store));
    if (const auto recorded = decisions.find(decision.client); recorded != decisions.end()) decision = recorded->second;

    terminal.say("Recorded: " + options.client + " is " + options.decided +
                 ". It is in the custody chain; a later "
                 "decision on the same client takes its place.");
    if (options.common.format == Format::table) return Exit::ok;  // the sentence above says it all
    model::JsonWriter json;
    json.begin_object().field("client", decision.client.text());
    json.field("decision", model::name_of(decision.decided)).field("note", decision.note);
    json.field("time", decision.time).field("actor", decision.actor).end_object();
    Table table({{"client", ""}, {"decision", ""}, {"note", ""}, {"time", ""}, {"actor", ""}});
    table.add({text_cell(decision.client.text()), class_cell(decision.decided), text_cell(decision.note),
               text_cell(decision.time), text_cell(decision.actor)});
    FEDSLEUTH_CHECK(print(terminal, options.common.format, table, json));
    return Exit::ok;
}

}  // namespace

void add_decide(CLI::App& program, Chosen& chosen)
{
    CLI::App* command = add_command<DecideCommand>(
        program, chosen, "decide", "record your own judgement about a client, with its reason",
        [](CLI::App& app, DecideCommand& options) {
            add_case(app, options.common);
            app.add_option("--client", options.client, "the client's id, as the log has it")
                ->required()
                ->option_text("ID");
            app.add_option("--as", options.decided, "your judgement")
                ->required()
                ->check(CLI::IsMember({"malicious", "clean", "watch"}))
                ->option_text("malicious|clean|watch");
            app.add_option("--note", options.note, "why; it stays on record")->required()->option_text("TEXT");
        },
        run_decide);
    command->footer(help_footer(
        "  fedsleuth-cli decide --case run-042.fedcase --client site-07 --as malicious --note \"boosted in round 15\"\n"
        "\nVerdicts propose, you decide: the verdict stays as computed, and the decision stands beside it:\n"
        "see the command clients.\n"));
}

}  // namespace fedsleuth::cli
