// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/custody/verify.h"

#include "app/cli/case_access.h"
#include "app/cli/commands.h"
#include "app/cli/long_step.h"
#include "app/cli/small_file.h"
#include "model/text.h"

namespace fedsleuth::cli {

namespace {

struct VerifyCommand {
    CaseOptions common;
    std::string folder;
    std::string seal;
    std::string key;
};

model::JsonWriter as_json(const storage::Verification& result)
{
    model::JsonWriter json;
    json.begin_object().field("intact", result.intact()).key("problems").begin_array();
    for (const storage::CustodyProblem& problem : result.problems)
        json.begin_object()
            .field("what", problem.what)
            .field("where", problem.where)
            .field("text", problem.text)
            .end_object();
    json.end_array().key("notes").begin_array();
    for (const std::string& note : result.notes) json.value(note);
    json.end_array().field("entries", result.entries).field("head", result.head);
    json.field("evidence_files", result.evidence_files).field("evidence_root", result.evidence_root);
    json.field("files_read", result.files_read).field("bytes_read", result.bytes_read).end_object();
    return json;
}

Table as_table(const storage::Verification& result)
{
    Table table({{"what", "what"}, {"where", "where"}, {"text", "what is wrong", false, true}});
    for (const storage::CustodyProblem& problem : result.problems)
        table.add({text_cell(problem.what, Tone::red), text_cell(problem.where), text_cell(problem.text)});
    for (const std::string& note : result.notes) table.note(note);
    return table;
}

model::Result<Exit> run_verify(const VerifyCommand& options, const Terminal& terminal)
{
    FEDSLEUTH_TRY(const std::unique_ptr<storage::CaseFile> store, open_case(options.common.case_path));
    storage::VerifyOptions what;
    if (!options.folder.empty()) what.folder = options.folder;
    if (!options.seal.empty()) {
        FEDSLEUTH_TRY(what.seal, read_small_file(options.seal));
    }
    if (!options.key.empty()) {
        FEDSLEUTH_TRY(what.seal_key, read_small_file(options.key));
    }
    const Interrupts interrupts;
    auto result = [&] {
        LongStep step(terminal);
        return storage::verify_case(*store, what, step.progress());
    }();
    if (!result) {
        if (result.error().where.empty()) result.error().where = options.common.case_path;
        return model::pass_on(std::move(result.error()));
    }
    if (options.common.format != Format::table || !result->intact() || !result->notes.empty())
        FEDSLEUTH_CHECK(print(terminal, options.common.format, as_table(*result), as_json(*result)));
    if (result->intact()) {
        terminal.say("Intact: " + plural(result->entries, "custody entry", "custody entries") + ", " +
                     plural(result->evidence_files, "evidence file", "evidence files") + " on record, " +
                     plural(result->files_read, "file", "files") + " (" + model::byte_text(result->bytes_read) +
                     ") read again" + (what.seal ? ", and the seal fits." : "."));
        return Exit::ok;
    }
    terminal.say("NOT INTACT: " + plural(static_cast<std::int64_t>(result->problems.size()), "problem", "problems") +
                 ".");
    return Exit::findings;
}

}  // namespace

void add_verify(CLI::App& program, Chosen& chosen)
{
    CLI::App* command = add_command<VerifyCommand>(
        program, chosen, "verify", "recompute custody: chain, contents, evidence files, seal",
        [](CLI::App& app, VerifyCommand& options) {
            add_case(app, options.common);
            app.add_option("--evidence", options.folder, "where the evidence folder is now, if it was moved")
                ->option_text("FOLDER");
            CLI::Option* seal =
                app.add_option("--seal", options.seal, "compare with a seal of this case")->option_text("FILE");
            app.add_option("--key", options.key, "the public key that the seal must bear, as PEM")
                ->needs(seal)
                ->option_text("FILE");
        },
        run_verify);
    command->footer(help_footer(
        "  fedsleuth-cli verify --case run-042.fedcase\n"
        "  fedsleuth-cli verify --case run-042.fedcase --evidence /mnt/copy/run-042 --seal run-042.seal\n"
        "\nNothing is written. Without its evidence folder the case alone is verified, and that is said. A chain\n"
        "whose last entries were cut off looks whole: only a seal that was kept elsewhere shows it.\n",
        "  0 intact, 1 failed or stopped, 2 the command line makes no sense, 3 something is not as it was\n"));
}

}  // namespace fedsleuth::cli
