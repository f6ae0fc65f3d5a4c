// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/ingest/ingest.h"

#include "app/cli/case_access.h"
#include "app/cli/commands.h"
#include "app/cli/long_step.h"
#include "model/text.h"

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <thread>

namespace fedsleuth::cli {

namespace {

struct IngestCommand {
    std::string folder;
    CaseOptions common;
    bool link = false;
    bool follow = false;
};

struct Answer {
    storage::IngestSummary summary;
    double seconds = 0;
};

model::Result<Answer> take_in(const IngestCommand& options, const Terminal& terminal)
{
    LongStep step(terminal);
    storage::IngestOptions ingest_options;
    ingest_options.link = options.link;
    FEDSLEUTH_TRY(const storage::IngestSummary summary,
                  storage::ingest(options.folder, options.common.case_path, ingest_options, step.progress()));
    return Answer{summary, step.seconds()};
}

model::Result<void> print_summary(const IngestCommand& options, const Terminal& terminal, const Answer& answer)
{
    const storage::IngestSummary& summary = answer.summary;
    const std::string contents = plural(summary.issues, "import issue", "import issues") + ", " +
                                 plural(summary.findings, "finding", "findings") + " in the case";
    if (!summary.changed) {
        terminal.say(options.common.case_path + " already holds all of it; nothing was changed (" + contents + ").");
    } else {
        const double rate = answer.seconds > 0 ? static_cast<double>(summary.bytes) / answer.seconds : 0;
        terminal.say("Took in " + plural(summary.rounds, "round", "rounds") + ", " +
                     plural(summary.updates, "update", "updates") + " and " +
                     plural(summary.checkpoints, "checkpoint", "checkpoints") + " from " +
                     plural(summary.files, "file", "files") + " (" + model::byte_text(summary.bytes) + ", " +
                     model::byte_text(static_cast<long long>(rate)) + "/s); " + contents + ".");
    }
    if (summary.issues > 0)
        terminal.say("What could not be taken in is among the findings: fedsleuth-cli findings --case " +
                     quoted(options.common.case_path));
    if (options.common.format == Format::table) return {};  // the sentences above say it all
    model::JsonWriter json;
    json.begin_object().field("changed", summary.changed).field("rounds", summary.rounds);
    json.field("updates", summary.updates).field("checkpoints", summary.checkpoints).field("files", summary.files);
    json.field("bytes", summary.bytes).field("issues", summary.issues).field("findings", summary.findings);
    json.end_object();
    Table table({{"changed", ""},
                 {"rounds", ""},
                 {"updates", ""},
                 {"checkpoints", ""},
                 {"files", ""},
                 {"bytes", ""},
                 {"issues", ""},
                 {"findings", ""}});
    table.add({text_cell(summary.changed ? "true" : "false"), count_cell(summary.rounds), count_cell(summary.updates),
               count_cell(summary.checkpoints), count_cell(summary.files), count_cell(summary.bytes),
               count_cell(summary.issues), count_cell(summary.findings)});
    return print(terminal, options.common.format, table, json);
}

model::Error with_way_on(model::Error error, const IngestCommand& options)
{
    if (error.code != model::ErrorCode::cancelled) return error;
    error.message = "stopped; the rounds that were finished are kept";
    error.where = options.common.case_path;
    error.hint = "running it again goes on from there: fedsleuth-cli ingest " + quoted(options.folder) + " --case " +
                 quoted(options.common.case_path);
    return error;
}

std::uintmax_t size_of(const std::filesystem::path& file)
{
    std::error_code error;
    const std::uintmax_t size = std::filesystem::file_size(file, error);
    return error ? 0 : size;
}

/// Waits until the log has another size than `before`. False where an interrupt came first.
bool wait_for_growth(const std::filesystem::path& log, std::uintmax_t before)
{
    constexpr auto poll_interval = std::chrono::seconds(2);
    constexpr auto interrupt_interval = std::chrono::milliseconds(50);
    do {
        const auto next = std::chrono::steady_clock::now() + poll_interval;
        while (std::chrono::steady_clock::now() < next) {
            if (Interrupts::raised()) return false;
            std::this_thread::sleep_for(interrupt_interval);
        }
    } while (size_of(log) == before);
    return true;
}

/// What can be seen before anything is read, said in plainer words than a reader deep below has.
model::Result<void> check_paths(const IngestCommand& options, const std::filesystem::path& log)
{
    std::error_code error;
    if (std::filesystem::is_directory(options.folder, error) && !std::filesystem::exists(log, error)) {
        return model::fail(model::ErrorCode::not_found, "holds no federation.jsonl, so it is no evidence folder",
                           options.folder,
                           "it should hold what a recorder wrote: federation.jsonl, updates/, checkpoints/");
    }
    const std::filesystem::path beside = std::filesystem::path(options.common.case_path).parent_path();
    if (!beside.empty() && !std::filesystem::is_directory(beside, error))
        return model::fail(model::ErrorCode::not_found, "there is no such folder for the case file", beside.string());
    return {};
}

model::Result<Exit> run_ingest(const IngestCommand& options, const Terminal& terminal)
{
    const Interrupts interrupts;
    const std::filesystem::path log = std::filesystem::path(options.folder) / "federation.jsonl";
    FEDSLEUTH_CHECK(check_paths(options, log));
    for (bool first = true;; first = false) {
        const std::uintmax_t size = size_of(log);  // before it is read: what is written meanwhile is growth
        auto answer = take_in(options, terminal);
        if (!answer) return model::pass_on(with_way_on(std::move(answer.error()), options));
        if (first || answer->summary.changed) FEDSLEUTH_CHECK(print_summary(options, terminal, *answer));
        if (!options.follow) break;
        if (first) terminal.say("Following " + log.string() + "; Ctrl-C ends it.");
        if (!wait_for_growth(log, size)) {
            terminal.say("Stopped following; all that was there is in the case.");
            break;  // how following ends: not a failure
        }
    }
    terminal.say("Next: fedsleuth-cli analyse --case " + quoted(options.common.case_path));
    return Exit::ok;
}

}  // namespace

void add_ingest(CLI::App& program, Chosen& chosen)
{
    CLI::App* command = add_command<IngestCommand>(
        program, chosen, "ingest", "take an evidence folder into a case file",
        [](CLI::App& app, IngestCommand& options) {
            app.add_option("folder", options.folder, "the folder with federation.jsonl in it; it is only read")
                ->required()
                ->option_text("FOLDER");
            add_case(app, options.common);
            app.add_flag("--link", options.link,
                         "leave the numbers in their files: the case then holds hashes and ledgers only");
            app.add_flag("--follow", options.follow,
                         "stay, and take in what a running federation adds (looks every 2 s, Ctrl-C ends it)");
        },
        run_ingest);
    command->footer(help_footer(
        "  fedsleuth-cli ingest run-042/ --case run-042.fedcase\n"
        "  fedsleuth-cli ingest run-042/ --case run-042.fedcase --link      updates of many gigabytes\n"
        "  fedsleuth-cli ingest run-042/ --case run-042.fedcase --follow    while it trains\n"
        "\nEvery file's SHA-256 is taken on the way in. Stopped or killed at any moment, running it again goes\n"
        "on where it was; on a folder that has not changed it does nothing. truth.json is never read.\n"
        "With --follow and --format json or csv there is one answer for each look that found something new.\n",
        "  0 done (also when --follow was ended between two looks), 1 failed or stopped half-way\n"
        "  (finished rounds are kept), 2 the command line makes no sense\n"));
}

}  // namespace fedsleuth::cli
