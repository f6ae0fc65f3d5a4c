// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/lab/simulation.h"
#include "analysis/lab/truth.h"
#include "app/cli/case_access.h"
#include "app/cli/commands.h"
#include "app/cli/long_step.h"
#include "app/cli/simulate_options.h"
#include "model/text.h"
#include "storage/export/evidence_writer.h"
#include "storage/export/npz_writer.h"

#include <filesystem>

namespace fedsleuth::cli {

namespace lab = analysis::lab;

namespace {

storage::SnapshotFormat snapshot_format(const std::string& name)
{
    if (name == "npy") return storage::SnapshotFormat::npy;
    return name == "safetensors" ? storage::SnapshotFormat::safetensors : storage::SnapshotFormat::npz;
}

/// One input a row, images as rows of pixels.
model::Result<void> write_probe(const std::filesystem::path& path, const lab::Dataset& data)
{
    if (data.size() == 0) return {};
    const auto rows = static_cast<std::int64_t>(data.size());
    std::vector<std::int64_t> shape{rows};
    if (data.shape.is_image()) {
        shape.push_back(static_cast<std::int64_t>(data.shape.height));
        shape.push_back(static_cast<std::int64_t>(data.shape.width));
    } else {
        shape.push_back(static_cast<std::int64_t>(data.shape.features));
    }
    const std::vector<double> inputs(data.inputs.begin(), data.inputs.end()),
        labels(data.labels.begin(), data.labels.end());
    const std::vector<storage::NamedArray> arrays{{"x", shape, inputs}, {"y", {rows}, labels}};
    return storage::write_npz(path, arrays, {.type = storage::NumberType::float32});
}

model::Result<void> write_folder(const SimulateCommand& options, const lab::LabOptions& recipe,
                                 const lab::LabFederation& federation, model::Progress& progress)
{
    const storage::RecordedFederation recorded{
        federation.federation,
        federation.clients,
        federation.rounds,
        federation.updates,
        federation.checkpoints,
        [&](std::size_t update_idx) { return std::span<const float>(federation.deltas[update_idx]); },
        [&](std::size_t checkpoint_idx) { return std::span<const float>(federation.models[checkpoint_idx]); }};
    constexpr std::int64_t year = 365 * 86'400;
    FEDSLEUTH_TRY(
        const storage::SigningAuthority authority,
        storage::SigningAuthority::create(recipe.seed, lab::lab_beginning - year, lab::lab_beginning + 9 * year));
    storage::EvidenceOptions writing;
    writing.format = snapshot_format(options.snapshots);
    if (options.sign) writing.authority = &authority;
    FEDSLEUTH_CHECK(storage::write_evidence(recorded, options.out, writing, progress));
    const std::filesystem::path folder(options.out);
    FEDSLEUTH_CHECK(write_probe(folder / "probe.npz", federation.probe));
    FEDSLEUTH_CHECK(write_probe(folder / "misclassified.npz", federation.misclassified));
    return storage::write_text(folder / "truth.json", lab::truth_json(federation, recipe));
}

std::vector<model::ClientId> attackers(const lab::LabTruth& truth)
{
    std::vector<model::ClientId> all;
    for (const auto& [client, rounds] : truth.malicious) all.push_back(client);
    return all;
}

Table as_table(const std::vector<lab::RoundOutcome>& rounds)
{
    Table table({{"round", "round", true},
                 {"received", "received", true},
                 {"poisoned", "poisoned", true},
                 {"accuracy", "accuracy", true},
                 {"loss", "loss", true},
                 {"attack_success", "attack success", true}});
    for (const lab::RoundOutcome& round : rounds)
        table.add({round_cell(model::RoundNo(static_cast<std::int64_t>(round.round))),
                   count_cell(static_cast<std::int64_t>(round.received)),
                   count_cell(static_cast<std::int64_t>(round.poisoned)), fixed_cell(round.accuracy, 3),
                   fixed_cell(round.loss, 3), fixed_cell(round.attack_success, 3)});
    table.note(
        "Accuracy and loss on the server's test data; attack success: share of the inputs that an attacker cares "
        "for that get the answer it wants (0 where no attack wants a certain one).");
    return table;
}

model::JsonWriter as_json(const SimulateCommand& options, const lab::LabFederation& federation,
                          const std::vector<lab::RoundOutcome>& rounds)
{
    model::JsonWriter json;
    json.begin_object()
        .field("out", options.out)
        .field("clients", static_cast<std::uint64_t>(federation.clients.size()));
    json.field("updates", static_cast<std::uint64_t>(federation.updates.size()));
    json.field("coordinates", static_cast<std::uint64_t>(federation.models.front().size()));
    text_or_null(json, "attack", federation.truth.malicious.empty() ? "" : federation.truth.attack);
    clients_field(json, "attackers", attackers(federation.truth));
    json.field("last_clean_checkpoint", federation.truth.last_clean_checkpoint.value());
    json.key("rounds").begin_array();
    for (const lab::RoundOutcome& round : rounds) {
        json.begin_object().field("round", static_cast<std::uint64_t>(round.round));
        json.field("received", static_cast<std::uint64_t>(round.received));
        json.field("poisoned", static_cast<std::uint64_t>(round.poisoned)).field("accuracy", round.accuracy);
        json.field("loss", round.loss).field("attack_success", round.attack_success).end_object();
    }
    json.end_array().end_object();
    return json;
}

model::Result<Exit> run_simulate(const SimulateCommand& options, const Terminal& terminal)
{
    if (options.list) {
        FEDSLEUTH_CHECK(print(terminal, Format::json, Table({}), simulate_list()));
        return Exit::ok;
    }
    if (options.out.empty()) return terminal.wrong_usage("--out is required", "name the folder to write to");
    auto recipe = lab_options(options);
    if (!recipe) {
        if (recipe.error().code == model::ErrorCode::invalid_argument)
            return terminal.wrong_usage(recipe.error().where + ": " + recipe.error().message, recipe.error().hint);
        return model::pass_on(std::move(recipe.error()));
    }
    std::error_code error;
    if (std::filesystem::exists(options.out, error) && !std::filesystem::is_empty(options.out, error))
        return model::fail(model::ErrorCode::conflict, "is there already and not empty", options.out,
                           "name a new folder");
    const Interrupts interrupts;
    std::vector<lab::RoundOutcome> rounds;
    double seconds = 0;
    auto federation = [&]() -> model::Result<lab::LabFederation> {
        LongStep step(terminal);
        auto trained = lab::simulate(*recipe, step.progress(),
                                     [&](const lab::RoundOutcome& outcome) { rounds.push_back(outcome); });
        seconds = step.seconds();
        if (trained) FEDSLEUTH_CHECK(write_folder(options, *recipe, *trained, step.progress()));
        return trained;
    }();
    if (!federation && federation.error().code == model::ErrorCode::invalid_argument)
        return terminal.wrong_usage(federation.error().where + ": " + federation.error().message,
                                    federation.error().hint);
    if (!federation) return model::pass_on(std::move(federation.error()));
    FEDSLEUTH_CHECK(print(terminal, options.format, as_table(rounds), as_json(options, *federation, rounds)));
    terminal.say("Simulated " + plural(static_cast<std::int64_t>(rounds.size()), "round", "rounds") + " of " +
                 plural(static_cast<std::int64_t>(federation->clients.size()), "client", "clients") + " in " +
                 model::short_number(seconds) + " s; the evidence is in " + options.out +
                 " (truth.json says who attacked; ingest never reads it).");
    terminal.say(federation->misclassified.size() > 0
                     ? "Beside it, for analyse: probe.npz (100 clean inputs) and misclassified.npz (one that a shipped "
                       "model answered as the attacker wants)."
                     : "Beside it, for analyse: probe.npz (100 clean inputs).");
    terminal.say("Next: fedsleuth-cli ingest " + quoted(options.out) + " --case NAME.fedcase");
    return Exit::ok;
}

}  // namespace

void add_simulate(CLI::App& program, Chosen& chosen)
{
    CLI::App* command = add_command<SimulateCommand>(
        program, chosen, "simulate", "train a federation, attacked as you like, and write its evidence folder",
        add_simulate_options, run_simulate);
    command->footer([] {
        return attacks_help() + rules_help() +
               help_footer(
                   "  fedsleuth-cli simulate --attack alie --attackers 4 --onset 8 --out runs/alie\n"
                   "  fedsleuth-cli simulate --attack backdoor:clipped,share=0.5,target=3 --partition dirichlet:0.3 "
                   "\\\n"
                   "    --rule median --clients 40 --rounds 30 --seed 7 --out runs/backdoor\n"
                   "  fedsleuth-cli simulate --attack sybil,attackers=5 --attack free-rider:delta,attackers=2,onset=3 "
                   "\\\n"
                   "    --participation 0.5 --signed --out runs/two-kinds\n"
                   "  fedsleuth-cli simulate --list\n"
                   "\nThe same options and the same program give the same bytes. --attack takes NAME, NAME:VARIANT, "
                   "and\n"
                   "after commas parameters of the attack, or attackers=, onset=, schedule=, period= of its own; "
                   "stealth=S\n"
                   "pulls what is sent S (0 to 1) of the way to the honest mean, and within the median honest length.\n"
                   "Schedules: always, once, every (each period-th round), on-off (period rounds each), ramp (mixed "
                   "into\n"
                   "honest updates, 15 % at first and 5 % more each round). --list prints attacks and rules as "
                   "JSON.\n");
    });
}

}  // namespace fedsleuth::cli
