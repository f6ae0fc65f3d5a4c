// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/privacy/claims.h"

#include "app/cli/case_access.h"
#include "app/cli/commands.h"

#include <array>

namespace fedsleuth::cli {

namespace {

/// Every accountant that the answer has a place for. None is recomputed yet: all are null.
constexpr std::array<std::string_view, 6> accountants{"rdp", "pld", "zcdp", "gdp", "basic", "advanced"};

model::JsonWriter as_json(const analysis::PrivacyClaims& claims)
{
    model::JsonWriter json;
    json.begin_object().optional_field("delta", claims.delta).optional_field("budget", claims.budget);
    json.field("declared", claims.declared).key("accountants").begin_array().end_array();
    json.key("clients").begin_array();
    for (const analysis::ClientBudget& client : claims.clients) {
        json.begin_object().field("client", client.client.text()).field("rounds", client.rounds);
        json.field("rounds_with_claim", client.rounds_with_claim);
        json.optional_field("epsilon_claimed", client.epsilon_claimed);
        json.key("epsilon").begin_object();
        for (const std::string_view accountant : accountants) json.key(accountant).null();
        json.end_object();
        round_or_null(json, "budget_exhausted_round", client.exhausted_in);
        round_or_null(json, "forecast_round", client.forecast);
        json.key("series").begin_array();
        for (const auto& [round, epsilon] : client.series)
            json.begin_array().value(round.value()).value(epsilon).end_array();
        json.end_array().end_object();
    }
    json.end_array().end_object();
    return json;
}

Table as_table(const analysis::PrivacyClaims& claims)
{
    Table table({{"client", "client"},
                 {"rounds", "rounds", true},
                 {"rounds_with_claim", "with claim", true},
                 {"epsilon_claimed", "claimed ε", true},
                 {"budget", "budget ε", true},
                 {"budget_exhausted_round", "over budget in round", true},
                 {"forecast_round", "forecast: round", true}});
    for (const analysis::ClientBudget& client : claims.clients) {
        Cell claimed = fixed_cell(client.epsilon_claimed, 2);
        if (client.exhausted_in) claimed.tone = Tone::red;
        table.add({text_cell(client.client.text()), count_cell(client.rounds), count_cell(client.rounds_with_claim),
                   claimed, fixed_cell(claims.budget, 2), round_cell(client.exhausted_in),
                   round_cell(client.forecast)});
    }
    return table;
}

model::Result<Exit> run_privacy(const CaseOptions& options, const Terminal& terminal)
{
    FEDSLEUTH_TRY(const std::unique_ptr<storage::CaseFile> store, open_case(options.case_path));
    FEDSLEUTH_TRY(const analysis::PrivacyClaims claims, analysis::privacy_claims(*store));
    FEDSLEUTH_CHECK(print(terminal, options.format, as_table(claims), as_json(claims)));
    if (options.format != Format::table) return Exit::ok;
    if (!claims.declared) {
        terminal.say("This federation declares no privacy mechanism, and no client claims anything.");
        return Exit::ok;
    }
    std::int64_t over = 0;
    for (const analysis::ClientBudget& client : claims.clients) over += client.exhausted_in ? 1 : 0;
    terminal.say(plural(over, "client", "clients") +
                 " over budget by their own claims, which are not recomputed here. "
                 "Next: fedsleuth-cli findings --case " +
                 quoted(options.case_path));
    return Exit::ok;
}

}  // namespace

void add_privacy(CLI::App& program, Chosen& chosen)
{
    CLI::App* command =
        add_command<CaseOptions>(program, chosen, "privacy",
                                 "what each client claims to have spent of the privacy budget", add_case, run_privacy);
    command->footer(help_footer(
        "  fedsleuth-cli privacy --case run-042.fedcase\n"
        "  fedsleuth-cli privacy --case run-042.fedcase --format json\n"
        "\nThe series is the cumulated claim after each round. What accountants would answer is null: not known.\n"));
}

}  // namespace fedsleuth::cli
