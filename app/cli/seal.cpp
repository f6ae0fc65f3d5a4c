// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/custody/seal.h"

#include "app/cli/case_access.h"
#include "app/cli/commands.h"
#include "app/cli/small_file.h"

#include <filesystem>
#include <fstream>

namespace fedsleuth::cli {

namespace {

struct SealCommand {
    CaseOptions common;
    std::string key;
    std::string out;
};

model::Result<storage::SealKey> key_for(const SealCommand& options, const Terminal& terminal)
{
    if (!options.key.empty()) {
        FEDSLEUTH_TRY(const std::string pem, read_small_file(options.key));
        auto key = storage::SealKey::from_pem(pem);
        if (!key) key.error().where = options.key;
        return key;
    }
    FEDSLEUTH_TRY(const std::filesystem::path place, storage::SealKey::usual_place());
    std::error_code ignored;
    const bool existed = std::filesystem::exists(place, ignored);
    FEDSLEUTH_TRY(storage::SealKey key, storage::SealKey::load_or_make(place));
    if (!existed)
        terminal.say("Made a key to seal with: " + place.string() + ". Keep it; its public half is in every seal.");
    return key;
}

model::Result<void> write_new(const std::string& path, const std::string& text)
{
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored))
        return model::fail(model::ErrorCode::conflict, "exists already", path, "choose another name");
    std::ofstream stream(path, std::ios::binary);
    stream << text;
    stream.close();
    if (!stream) return model::fail(model::ErrorCode::io, "can't be written", path);
    return {};
}

model::Result<Exit> run_seal(const SealCommand& options, const Terminal& terminal)
{
    const std::string& path = options.common.case_path;
    FEDSLEUTH_TRY(const std::unique_ptr<storage::CaseFile> store, open_case(path, storage::CaseFile::Mode::read_write));
    std::error_code ignored;
    if (!options.out.empty() && std::filesystem::exists(options.out, ignored))
        return model::fail(model::ErrorCode::conflict, "exists already", options.out, "choose another name");
    FEDSLEUTH_TRY(const storage::SealKey key, key_for(options, terminal));
    FEDSLEUTH_TRY(const std::string text, storage::seal_case(*store, key));
    if (!options.out.empty()) FEDSLEUTH_CHECK(write_new(options.out, text));
    FEDSLEUTH_TRY(const storage::Seal seal, storage::read_seal(text));
    model::JsonWriter json;
    json.begin_object().field("entries", seal.entries).field("head", seal.head);
    json.field("evidence_files", seal.evidence_files).field("evidence_root", seal.evidence_root);
    json.field("sealed_at", seal.sealed_at).field("sealed_by", seal.sealed_by).field("key", seal.key);
    json.field("signature", seal.signature).field("text", text).end_object();
    if (options.common.format == Format::table) {
        if (options.out.empty()) FEDSLEUTH_CHECK(terminal.put(text));
    } else {
        Table table({{"entries", ""},
                     {"head", ""},
                     {"evidence_files", ""},
                     {"evidence_root", ""},
                     {"sealed_at", ""},
                     {"sealed_by", ""},
                     {"key", ""},
                     {"signature", ""}});
        table.add({count_cell(seal.entries), text_cell(seal.head), count_cell(seal.evidence_files),
                   text_cell(seal.evidence_root), text_cell(seal.sealed_at), text_cell(seal.sealed_by),
                   text_cell(seal.key), text_cell(seal.signature)});
        FEDSLEUTH_CHECK(print(terminal, options.common.format, table, json));
    }
    terminal.say("Sealed " + plural(seal.entries, "custody entry", "custody entries") +
                 (options.out.empty() ? "" : " in " + options.out) +
                 ". Keep the seal apart from the case. To check it: fedsleuth-cli verify --case " + quoted(path) +
                 " --seal " + (options.out.empty() ? "SEAL" : quoted(options.out)));
    return Exit::ok;
}

}  // namespace

void add_seal(CLI::App& program, Chosen& chosen)
{
    CLI::App* command = add_command<SealCommand>(
        program, chosen, "seal", "sign the head of the custody chain, as a small text to keep elsewhere",
        [](CLI::App& app, SealCommand& options) {
            add_case(app, options.common);
            app.add_option("--out", options.out, "write the seal to this file, which must not exist")
                ->option_text("FILE");
            app.add_option("--key", options.key, "sign with this Ed25519 private key (PEM, no passphrase)")
                ->option_text("FILE");
        },
        run_seal);
    command->footer(help_footer(
        "  fedsleuth-cli seal --case run-042.fedcase --out run-042.seal\n"
        "  fedsleuth-cli verify --case run-042.fedcase --seal run-042.seal\n"
        "\nWithout --key Fedsleuth makes a key of your own once and keeps it in ~/.config/fedsleuth. A seal shows\n"
        "later that no entry of the chain, and with it no file, decision or analysis, was changed or cut off.\n"));
}

}  // namespace fedsleuth::cli
