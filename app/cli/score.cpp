// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/case_access.h"
#include "app/cli/commands.h"
#include "app/cli/scoring.h"
#include "app/cli/truth_file.h"

#include <algorithm>

namespace fedsleuth::cli {

namespace {

struct ScoreCommand {
    CaseOptions common;
    std::string truth;
};

model::JsonWriter as_json(const Score& score, const Truth& truth)
{
    model::JsonWriter json;
    json.begin_object().optional_field("tpr", score.tpr).optional_field("fpr", score.fpr);
    json.optional_field("auroc", score.auroc).optional_field("onset_error", score.onset_error);
    json.optional_field("family_accuracy", score.family_accuracy);
    text_or_null(json, "attack", truth.attack);
    text_or_null(json, "family", family_of_label(truth.attack).value_or(""));
    json.key("clients").begin_array();
    for (const ScoredClient& client : score.clients) {
        json.begin_object().field("client", client.client.text());
        json.field("truth", client.malicious ? "malicious" : "honest");
        json.field("class", model::name_of(client.verdict)).optional_field("probability", client.probability);
        json.end_object();
    }
    json.end_array().end_object();
    return json;
}

Table as_table(const Score& score)
{
    Table table({{"client", "client"},
                 {"truth", "truth"},
                 {"class", "verdict"},
                 {"probability", "probability", true},
                 {"right", ""}});
    for (const ScoredClient& client : score.clients) {
        const bool called = client.verdict == model::VerdictClass::malicious;
        const bool wrong = client.malicious != called;
        table.add({text_cell(client.client.text()),
                   text_cell(client.malicious ? "malicious" : "honest"),
                   class_cell(client.verdict),
                   fixed_cell(client.probability, 3),
                   {!wrong             ? ""
                    : client.malicious ? "missed"
                                       : "falsely accused",
                    wrong ? "false" : "true", wrong ? Tone::red : Tone::plain}});
    }
    const auto number = [](std::optional<double> value) { return fixed_cell(value, 3).shown; };
    table.note("true positive rate " + number(score.tpr) + ", false positive rate " + number(score.fpr) +
               ", area under ROC " + number(score.auroc) + ", onset error " + number(score.onset_error) +
               " rounds, attack family right " + number(score.family_accuracy));
    return table;
}

model::Result<Exit> run_score(const ScoreCommand& options, const Terminal& terminal)
{
    const std::string& path = options.common.case_path;
    FEDSLEUTH_TRY(const std::unique_ptr<storage::CaseFile> store, open_case(path));
    FEDSLEUTH_TRY(const model::Verdicts verdicts, analysed_verdicts(*store, path));
    FEDSLEUTH_TRY(const Truth truth, read_truth(options.truth));
    FEDSLEUTH_TRY(const std::vector<model::Client> clients, store->clients());
    std::vector<model::ClientId> everyone;
    for (const model::Client& client : clients) {
        if (client.id != model::server_client()) everyone.push_back(client.id);
    }
    for (const auto& [client, rounds] : truth.malicious) {
        if (std::find(everyone.begin(), everyone.end(), client) == everyone.end())
            terminal.say(options.truth + ": the case knows no client \"" + client.text() + "\"; it counts as missed.");
    }
    const Score result = score(verdicts, everyone, truth);
    FEDSLEUTH_CHECK(print(terminal, options.common.format, as_table(result), as_json(result, truth)));
    return Exit::ok;
}

}  // namespace

void add_score(CLI::App& program, Chosen& chosen)
{
    CLI::App* command = add_command<ScoreCommand>(
        program, chosen, "score", "how good the verdicts are, where the truth is known",
        [](CLI::App& app, ScoreCommand& options) {
            add_case(app, options.common);
            app.add_option("--truth", options.truth,
                           "who really attacked: {\"attack\": name, \"malicious\": {client: [rounds]}}; where "
                           "clients attack in different ways, also \"attacks\": {client: name}")
                ->required()
                ->option_text("truth.json");
        },
        run_score);
    command->footer(help_footer(
        "  fedsleuth-cli score --case run-042.fedcase --truth run-042/truth.json\n"
        "\ntpr: share of the malicious clients that are called malicious; fpr: share of the others that are.\n"
        "auroc: of the probabilities, ties count half. onset_error: mean distance in rounds, over the malicious\n"
        "that were found; family_accuracy: share of them whose attack family is right. What there is nothing\n"
        "to compute from is unknown.\n"
        "\nAttacks in truth.json and their families:\n"
        "  targeted    label-flip, backdoor, constrain-and-scale, constrained-backdoor, model-replacement,\n"
        "              slow-backdoor, drift, dba, neurotoxin, edge-case\n"
        "  untargeted  sign-flip, noise, gaussian-noise, random-noise, scaling\n"
        "  colluding   alie, ipm, min-max, min-sum, collusion, sybil, mimic\n"
        "  free-rider  free-rider, free-riding\n"
        "  unreliable  unreliable, noisy-labels\n"));
}

}  // namespace fedsleuth::cli
