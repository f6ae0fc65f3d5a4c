// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/analyse.h"

#include "app/cli/case_access.h"
#include "app/cli/commands.h"
#include "app/cli/long_step.h"
#include "app/cli/probe_options.h"
#include "model/text.h"

namespace fedsleuth::cli {

namespace {

struct AnalyseCommand {
    CaseOptions common;
    bool rebuild = false;
    ProbeOptions probes;
};

model::Result<void> print_summary(const AnalyseCommand& options, const Terminal& terminal,
                                  const analysis::AnalysisSummary& summary, double seconds)
{
    terminal.say("Analysed " + plural(summary.rounds, "round", "rounds") + " in " + model::short_number(seconds) +
                 " s (" + plural(summary.ledgers_built, "ledger", "ledgers") + " built): " +
                 plural(summary.malicious, "client", "clients") + " malicious, " + model::grouped(summary.suspect) +
                 " suspect, " + plural(summary.findings, "finding", "findings") + ".");
    if (options.common.format == Format::table) return {};  // the sentence above says it all
    model::JsonWriter json;
    json.begin_object().field("rounds", summary.rounds).field("ledgers_built", summary.ledgers_built);
    json.field("malicious", summary.malicious).field("suspect", summary.suspect);
    json.field("findings", summary.findings).end_object();
    Table table({{"rounds", ""}, {"ledgers_built", ""}, {"malicious", ""}, {"suspect", ""}, {"findings", ""}});
    table.add({count_cell(summary.rounds), count_cell(summary.ledgers_built), count_cell(summary.malicious),
               count_cell(summary.suspect), count_cell(summary.findings)});
    return print(terminal, options.common.format, table, json);
}

model::Result<Exit> run_analyse(const AnalyseCommand& options, const Terminal& terminal)
{
    const std::string& path = options.common.case_path;
    FEDSLEUTH_TRY(const std::unique_ptr<storage::CaseFile> store, open_case(path, storage::CaseFile::Mode::read_write));
    const Interrupts interrupts;
    analysis::AnalysisOptions analysis_options;
    analysis_options.rebuild_ledgers = options.rebuild;
    FEDSLEUTH_TRY(analysis_options.probes, read_probes(options.probes));
    double seconds = 0;
    auto summary = [&] {
        LongStep step(terminal);
        auto answer = analysis::analyse(*store, *store, analysis_options, step.progress());
        seconds = step.seconds();
        return answer;
    }();
    if (!summary) {
        model::Error error = std::move(summary.error());
        if (error.code == model::ErrorCode::cancelled) {
            error.message = "stopped; the ledgers that were finished are kept";
            error.where = path;
            error.hint = "running it again goes on from there: fedsleuth-cli analyse --case " + quoted(path);
        }
        if (error.where.empty()) error.where = path;
        return model::pass_on(std::move(error));
    }
    FEDSLEUTH_CHECK(print_summary(options, terminal, *summary, seconds));
    for (const std::string& note : summary->notes) terminal.say(note);
    terminal.say("Next: fedsleuth-cli verdicts --case " + quoted(path));
    return Exit::ok;
}

}  // namespace

void add_analyse(CLI::App& program, Chosen& chosen)
{
    CLI::App* command = add_command<AnalyseCommand>(
        program, chosen, "analyse", "read every update once, run all detectors, judge clients and checkpoints",
        [](CLI::App& app, AnalyseCommand& options) {
            add_case(app, options.common);
            app.add_flag("--rebuild", options.rebuild, "read all updates again, though their ledgers are in the case");
            add_probes(app, options.probes);
        },
        run_analyse);
    command->footer(help_footer(
        "  fedsleuth-cli analyse --case run-042.fedcase\n"
        "  fedsleuth-cli analyse --case run-042.fedcase --probe clean.npz --misclassified incident.npz\n"
        "\nThe result replaces that of the last analysis; decisions are kept, and every run is on\n"
        "record in the custody chain. Running it again after more rounds came in reads the\n"
        "new ones only.\n"
        "\nA probe file is an .npz: x (or inputs), one input a row as the model takes them; y (or labels), one\n"
        "class number a row. Probes work with plain models alone: dense, or convolution and dense layers.\n"
        "They hold for one run: the next analysis without them forgets what they said.\n",
        "  0 done, 1 failed or stopped (finished ledgers are kept), 2 the command line makes no sense\n"));
}

}  // namespace fedsleuth::cli
