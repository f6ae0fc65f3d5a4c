// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/client.h"

#include "app/cli/case_access.h"
#include "app/cli/commands.h"

#include <map>

namespace fedsleuth::cli {

namespace {

struct ClientRow {
    std::int64_t rounds = 0;
    std::optional<std::int64_t> num_examples;
    std::optional<model::RoundNo> first;
    std::optional<model::RoundNo> last;
    std::optional<model::VerdictClass> verdict;
    std::optional<double> probability;
    std::optional<model::Decision> decision;
};

/// What the case knows of each client, by id.
model::Result<std::map<model::ClientId, ClientRow>> gather(model::CaseStore& store)
{
    std::map<model::ClientId, ClientRow> rows;
    FEDSLEUTH_TRY(const std::vector<model::Client> clients, store.clients());
    for (const model::Client& client : clients) rows[client.id].num_examples = client.num_examples;
    FEDSLEUTH_TRY(const std::vector<model::Update> updates, store.updates());
    for (const model::Update& update : updates) {  // by round
        if (update.reference) continue;
        ClientRow& row = rows[update.client];
        ++row.rounds;
        if (!row.first) row.first = update.round;
        row.last = update.round;
        if (!row.num_examples) row.num_examples = update.num_examples;
    }
    FEDSLEUTH_TRY(const std::optional<model::Verdicts> verdicts, store.verdicts());
    if (verdicts) {
        for (const model::Verdict& verdict : verdicts->clients) {
            ClientRow& row = rows[verdict.client];
            row.verdict = verdict.verdict;
            if (verdict.verdict != model::VerdictClass::unknown) row.probability = verdict.probability;
        }
    }
    FEDSLEUTH_TRY(const auto decisions, newest_decisions(store));
    for (const auto& [client, decision] : decisions) rows[client].decision = decision;
    return rows;
}

model::Result<Exit> run_clients(const CaseOptions& options, const Terminal& terminal)
{
    FEDSLEUTH_TRY(const std::unique_ptr<storage::CaseFile> store, open_case(options.case_path));
    FEDSLEUTH_TRY(const auto rows, gather(*store));
    model::JsonWriter json;
    json.begin_object().key("clients").begin_array();
    Table table({{"client", "client"},
                 {"rounds", "rounds", true},
                 {"num_examples", "examples", true},
                 {"first_round", "first round", true},
                 {"last_round", "last round", true},
                 {"class", "verdict"},
                 {"probability", "probability", true},
                 {"decision", "decision"},
                 {"note", "note", false, true}});
    bool analysed = false;
    for (const auto& [client, row] : rows) {
        analysed = analysed || row.verdict;
        json.begin_object().field("client", client.text()).field("rounds", row.rounds);
        json.optional_field("num_examples", row.num_examples);
        round_or_null(json, "first_round", row.first);
        round_or_null(json, "last_round", row.last);
        text_or_null(json, "class", row.verdict ? model::name_of(*row.verdict) : "");
        json.optional_field("probability", row.probability);
        text_or_null(json, "decision", row.decision ? model::name_of(row.decision->decided) : "");
        text_or_null(json, "note", row.decision ? row.decision->note : "");
        json.end_object();
        const std::optional<model::VerdictClass> decided =
            row.decision ? std::optional(row.decision->decided) : std::nullopt;
        table.add({text_cell(client.text()), count_cell(row.rounds), count_cell(row.num_examples),
                   round_cell(row.first), round_cell(row.last), class_cell(row.verdict), fixed_cell(row.probability, 3),
                   class_cell(decided), text_cell(row.decision ? row.decision->note : "")});
    }
    json.end_array().end_object();
    FEDSLEUTH_CHECK(print(terminal, options.format, table, json));
    if (!analysed)
        terminal.say("Not analysed yet. Next: fedsleuth-cli analyse --case " + quoted(options.case_path));
    else if (options.format == Format::table)
        terminal.say("The verdict is computed, the decision is yours: fedsleuth-cli decide --case " +
                     quoted(options.case_path) + " --client ID --as malicious|clean|watch --note TEXT");
    return Exit::ok;
}

}  // namespace

void add_clients(CLI::App& program, Chosen& chosen)
{
    CLI::App* command = add_command<CaseOptions>(
        program, chosen, "clients", "every client: rounds, examples, verdict, decision", add_case, run_clients);
    command->footer(
        help_footer("  fedsleuth-cli clients --case run-042.fedcase\n"
                    "  fedsleuth-cli clients --case run-042.fedcase --format csv > clients.csv\n"));
}

}  // namespace fedsleuth::cli
