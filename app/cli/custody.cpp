// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/custody/custody_chain.h"
#include "storage/custody/verify.h"

#include "app/cli/case_access.h"
#include "app/cli/commands.h"

namespace fedsleuth::cli {

namespace {

struct CustodyCommand {
    CaseOptions common;
    std::string prove;
};

/// That a file belongs to the evidence which the last ingest entry vouches for: the way from its leaf to the root.
model::Result<Exit> run_proof(const CustodyCommand& options, storage::CaseFile& store, const Terminal& terminal)
{
    FEDSLEUTH_TRY(const storage::InclusionProof proof, storage::prove_evidence(store, options.prove));
    model::JsonWriter json;
    json.begin_object().field("path", options.prove).field("sha256", proof.sha256);
    json.field("index", static_cast<std::int64_t>(proof.index)).field("size", static_cast<std::int64_t>(proof.size));
    json.key("proof").begin_array();
    for (const std::string& hash : proof.hashes) json.value(hash);
    json.end_array().field("root", proof.root).end_object();
    Table table({{"level", "level", true}, {"hash", "hash beside the way from the leaf to the root"}});
    std::int64_t level = 0;
    for (const std::string& hash : proof.hashes) table.add({count_cell(++level), text_cell(hash)});
    table.note("Leaf " + std::to_string(proof.index) + " of " + std::to_string(proof.size) +
               ": SHA-256(0x00, path, 0x00, " + proof.sha256 + "). Root: " + proof.root + " (RFC 6962).");
    FEDSLEUTH_CHECK(print(terminal, options.common.format, table, json));
    return Exit::ok;
}

model::JsonWriter as_json(const std::vector<model::CustodyEntry>& entries, const std::vector<std::string>& problems)
{
    model::JsonWriter json;
    json.begin_object().key("entries").begin_array();
    for (const model::CustodyEntry& entry : entries) {
        json.begin_object().field("index", entry.index).field("time", entry.time).field("actor", entry.actor);
        json.field("action", entry.action).field("subject", entry.subject);
        raw_or_text(json, "parameters", entry.parameters_json);
        text_or_null(json, "sha256", entry.sha256);
        json.field("previous", entry.previous).field("hash", entry.hash).end_object();
    }
    json.end_array().field("intact", problems.empty());
    json.key("problems").begin_array();
    for (const std::string& problem : problems) json.value(problem);
    json.end_array().end_object();
    return json;
}

/// A hash by its beginning for people, whole for programs.
Cell hash_cell(const std::string& hash)
{
    constexpr std::size_t shown = 12;
    Cell cell = text_cell(hash);
    if (hash.size() > shown) cell.shown = text_cell(hash.substr(0, shown)).shown + "…";
    return cell;
}

Table as_table(const std::vector<model::CustodyEntry>& entries, const std::vector<std::string>& problems)
{
    Table table({{"index", "entry", true},
                 {"time", "time (UTC)"},
                 {"actor", "who"},
                 {"action", "did what"},
                 {"sha256", "SHA-256"},
                 {"previous", "previous"},
                 {"hash", "hash"},
                 {"subject", "with what"},
                 {"parameters", "parameters", false, true}});
    for (const model::CustodyEntry& entry : entries) {
        table.add({count_cell(entry.index), text_cell(entry.time), text_cell(entry.actor), text_cell(entry.action),
                   hash_cell(entry.sha256), hash_cell(entry.previous), hash_cell(entry.hash), text_cell(entry.subject),
                   text_cell(entry.parameters_json)});
    }
    for (const std::string& problem : problems) table.note(problem);
    return table;
}

model::Result<Exit> run_custody(const CustodyCommand& command, const Terminal& terminal)
{
    const CaseOptions& options = command.common;
    FEDSLEUTH_TRY(const std::unique_ptr<storage::CaseFile> store, open_case(options.case_path));
    if (!command.prove.empty()) return run_proof(command, *store, terminal);
    FEDSLEUTH_TRY(const std::vector<model::CustodyEntry> entries, store->custody());
    const std::vector<std::string> problems = storage::check_custody_chain(entries);
    FEDSLEUTH_CHECK(print(terminal, options.format, as_table(entries, problems), as_json(entries, problems)));
    if (!problems.empty())
        terminal.say("The custody chain is BROKEN: " +
                     plural(static_cast<std::int64_t>(problems.size()), "problem", "problems") +
                     ". Somebody changed the case outside of Fedsleuth, or the file is damaged.");
    else if (options.format == Format::table)
        terminal.say("The custody chain is intact: " +
                     plural(static_cast<std::int64_t>(entries.size()), "entry", "entries") + ".");
    return Exit::ok;
}

}  // namespace

void add_custody(CLI::App& program, Chosen& chosen)
{
    CLI::App* command = add_command<CustodyCommand>(
        program, chosen, "custody", "every act on the case, chained by its hash, and whether the chain is intact",
        [](CLI::App& app, CustodyCommand& options) {
            add_case(app, options.common);
            app.add_option("--prove", options.prove,
                           "instead: the proof that this file of the evidence is in its hash tree")
                ->option_text("PATH");
        },
        run_custody);
    command->footer(
        help_footer("  fedsleuth-cli custody --case run-042.fedcase\n"
                    "  fedsleuth-cli custody --case run-042.fedcase --format json\n"
                    "  fedsleuth-cli custody --case run-042.fedcase --prove updates/r0015-site-08.npz\n"
                    "\nWhether the rows and the evidence are what the chain vouches for: see the command verify.\n"));
}

}  // namespace fedsleuth::cli
