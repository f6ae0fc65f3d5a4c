// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/whatif/whatif.h"

#include "analysis/whatif/column_vectors.h"
#include "app/cli/case_access.h"
#include "app/cli/commands.h"
#include "app/cli/long_step.h"
#include "app/cli/rule_options.h"
#include "model/text.h"

#include <algorithm>
#include <cmath>

namespace fedsleuth::cli {

namespace {

struct WhatIfCommand {
    CaseOptions common;
    std::int64_t round = 0;
    std::optional<std::int64_t> last;
    std::vector<std::string> exclude;
    std::vector<std::string> rules;
    std::vector<std::string> set;
};

/// The settings that --set gives to one rule: name=value goes to every rule that has the parameter, RULE.name=value to
/// that rule alone.
model::Result<analysis::AskedRule> asked_rule(const std::string& name, const std::vector<std::string>& set,
                                              std::vector<char>& used)
{
    RuleOptions options;
    options.rule = name;
    FEDSLEUTH_TRY(const CheckedRule plain, checked_rule(options));
    for (std::size_t idx = 0; idx < set.size(); ++idx) {
        const bool own = set[idx].starts_with(name + ".");
        const std::string assignment = own ? set[idx].substr(name.size() + 1) : set[idx];
        const std::string parameter = assignment.substr(0, assignment.find('='));
        const auto& parameters = plain.info->parameters;
        const bool has = std::any_of(parameters.begin(), parameters.end(),
                                     [&](const auto& known) { return known.name == parameter; });
        if (!own && !has && !(parameter == "variant" && plain.info->variants.size() > 1)) continue;
        options.set.push_back(assignment);
        used[idx] = 1;
    }
    FEDSLEUTH_TRY(const CheckedRule checked, checked_rule(options));
    return analysis::AskedRule{name, checked.settings};
}

model::Result<std::vector<analysis::AskedRule>> asked_rules(const WhatIfCommand& options)
{
    std::vector<std::string> names;
    for (const std::string& list : options.rules)
        for (std::size_t first = 0; first <= list.size();) {
            const std::size_t end = std::min(list.find(',', first), list.size());
            names.push_back(list.substr(first, end - first));
            first = end + 1;
        }
    if (names.empty())
        for (const analysis::AskedRule& rule : analysis::every_rule()) names.push_back(rule.rule);
    std::vector<char> used(options.set.size(), 0);
    std::vector<analysis::AskedRule> rules;
    for (const std::string& name : names) {
        FEDSLEUTH_TRY(analysis::AskedRule rule, asked_rule(name, options.set, used));
        rules.push_back(std::move(rule));
    }
    for (std::size_t idx = 0; idx < used.size(); ++idx)
        if (used[idx] == 0)
            return model::fail(model::ErrorCode::invalid_argument, "none of the rules has such a parameter",
                               "--set " + options.set[idx], "--help lists them");
    return rules;
}

/// The clients that the verdicts or the analyst hold for suspect or malicious.
model::Result<std::vector<model::ClientId>> flagged_clients(model::CaseStore& store)
{
    std::map<model::ClientId, model::VerdictClass> classes;
    FEDSLEUTH_TRY(const std::optional<model::Verdicts> verdicts, store.verdicts());
    if (verdicts)
        for (const model::Verdict& verdict : verdicts->clients) classes[verdict.client] = verdict.verdict;
    FEDSLEUTH_TRY(const auto decisions, newest_decisions(store));
    for (const auto& [client, decision] : decisions) classes[client] = decision.decided;
    std::vector<model::ClientId> flagged;
    for (const auto& [client, verdict] : classes)
        if (verdict >= model::VerdictClass::suspect) flagged.push_back(client);
    return flagged;
}

std::vector<model::ClientId> clients_at(const analysis::WhatIf& answer, const std::vector<std::size_t>& places)
{
    std::vector<model::ClientId> clients;
    for (const std::size_t place : places) clients.push_back(answer.clients[place]);
    return clients;
}

std::vector<model::ClientId> flagged_of(const analysis::WhatIf& answer)
{
    std::vector<model::ClientId> flagged;
    for (std::size_t place = 0; place < answer.clients.size(); ++place)
        if (answer.flagged[place]) flagged.push_back(answer.clients[place]);
    return flagged;
}

std::optional<double> known(double value) { return std::isnan(value) ? std::nullopt : std::optional(value); }

void rule_json(model::JsonWriter& json, const analysis::WhatIf& answer, const analysis::RuleAnswer& rule)
{
    json.begin_object().field("rule", rule.rule).field("kind", rule.by_weights ? "weights" : "columns");
    text_or_null(json, "refusal", rule.refusal);
    if (rule.weights.empty())
        json.key("weights").null();
    else
        numbers_field(json, "weights", rule.weights);
    if (rule.selected.empty())
        json.key("selected").null();
    else
        clients_field(json, "selected", clients_at(answer, rule.selected));
    json.optional_field("norm", known(rule.norm));
    json.optional_field("distance_to_shipped", known(rule.to_shipped.distance));
    json.optional_field("angle_to_shipped", known(rule.to_shipped.angle));
    json.optional_field("distance_to_unflagged", known(rule.to_unflagged.distance));
    json.optional_field("angle_to_unflagged", known(rule.to_unflagged.angle));
    json.optional_field("flagged_share", known(rule.flagged_share));
    json.key("notes").begin_array();
    for (const std::string& note : rule.notes) json.value(note);
    json.end_array().end_object();
}

void matrix_json(model::JsonWriter& json, std::string_view key, const analysis::WhatIf& answer,
                 double analysis::Gap::*member)
{
    json.key(key).begin_array();
    for (std::size_t row = 0; row < answer.rules.size(); ++row) {
        json.begin_array();
        for (std::size_t column = 0; column < answer.rules.size(); ++column) {
            const double value = answer.gaps[row * answer.rules.size() + column].*member;
            if (std::isnan(value))
                json.null();
            else
                json.value(value);
        }
        json.end_array();
    }
    json.end_array();
}

void answer_json(model::JsonWriter& json, const analysis::WhatIf& answer, const std::vector<model::ClientId>& exclude)
{
    json.begin_object().field("round", answer.round.value());
    clients_field(json, "clients", answer.clients);
    clients_field(json, "excluded", exclude);
    clients_field(json, "flagged", flagged_of(answer));
    json.optional_field("shipped_norm", known(answer.shipped_norm));
    json.optional_field("unflagged_norm", known(answer.unflagged_norm));
    json.key("rules").begin_array();
    for (const analysis::RuleAnswer& rule : answer.rules) rule_json(json, answer, rule);
    json.end_array();
    matrix_json(json, "distances", answer, &analysis::Gap::distance);
    matrix_json(json, "angles", answer, &analysis::Gap::angle);
    json.end_object();
}

void add_rows(Table& table, const analysis::WhatIf& answer)
{
    for (const analysis::RuleAnswer& rule : answer.rules) {
        std::vector<model::ClientId> silenced;
        for (std::size_t place = 0; place < rule.weights.size(); ++place)
            if (rule.weights[place] == 0.0) silenced.push_back(answer.clients[place]);
        std::string said = rule.refusal;
        if (said.empty() && rule.by_weights)
            said = std::to_string(silenced.size()) + " of " + std::to_string(answer.clients.size());
        if (said.empty()) said = "works coordinate by coordinate";
        if (!silenced.empty() && silenced.size() <= 8) said += ": " + clients_cell(silenced).shown;
        table.add({round_cell(answer.round), text_cell(rule.rule), number_cell(known(rule.norm), 4),
                   number_cell(known(rule.to_shipped.distance), 3), fixed_cell(known(rule.to_shipped.angle), 1),
                   number_cell(known(rule.to_unflagged.distance), 3), fixed_cell(known(rule.to_unflagged.angle), 1),
                   fixed_cell(known(100 * rule.flagged_share), 1), text_cell(said)});
    }
}

/// The answer for one round; nothing where it has no ledger.
model::Result<std::optional<analysis::WhatIf>> answer_for(storage::CaseFile& store, model::RoundNo round,
                                                          const analysis::WhatIfQuestion& question,
                                                          const model::Federation& federation,
                                                          const std::vector<model::Update>& updates,
                                                          model::Progress& progress)
{
    FEDSLEUTH_TRY(const std::optional<model::RoundLedger> ledger, store.ledger(round));
    if (!ledger) return std::nullopt;
    const analysis::WhatIfRound what_if(*ledger,
                                        analysis::ledger_examples(*ledger, updates, federation.aggregation.weighted_by),
                                        federation.aggregation.server_learning_rate);
    FEDSLEUTH_TRY(const analysis::ColumnVectors columns,
                  analysis::column_vectors(store, what_if, question.exclude, question.rules, progress));
    return what_if.ask(question, &columns);
}

model::Result<Exit> run_whatif(const WhatIfCommand& options, const Terminal& terminal)
{
    const auto rules = asked_rules(options);
    if (!rules) return terminal.wrong_usage(rules.error().where + ": " + rules.error().message, rules.error().hint);
    const std::int64_t last = options.last.value_or(options.round);
    if (last < options.round) return terminal.wrong_usage("--to: lies before --round", "give the later round last");
    const std::string& path = options.common.case_path;
    FEDSLEUTH_TRY(const std::unique_ptr<storage::CaseFile> store, open_case(path));
    analysis::WhatIfQuestion question;
    question.rules = *rules;
    FEDSLEUTH_TRY(question.exclude, named_clients(*store, options.exclude, path));
    FEDSLEUTH_TRY(question.flagged, flagged_clients(*store));
    FEDSLEUTH_TRY(const model::Federation federation, store->federation());
    FEDSLEUTH_TRY(const std::vector<model::Update> updates, store->updates());
    FEDSLEUTH_TRY(const std::vector<model::Round> rounds, store->rounds());

    std::vector<analysis::WhatIf> answers;
    const Interrupts interrupts;
    for (const model::Round& round : rounds) {
        if (round.number.value() < options.round || round.number.value() > last) continue;
        LongStep step(terminal);
        FEDSLEUTH_TRY(auto answer, answer_for(*store, round.number, question, federation, updates, step.progress()));
        if (answer) answers.push_back(std::move(*answer));
    }
    if (answers.empty())
        return model::fail(model::ErrorCode::not_found,
                           options.last ? "No round of these has been analysed" : "This round has not been analysed",
                           path, "fedsleuth-cli analyse --case " + quoted(path));
    model::JsonWriter json;
    Table table({{"round", "round", true},
                 {"rule", "rule"},
                 {"norm", "length (L2)", true},
                 {"distance_to_shipped", "to shipped (L2)", true},
                 {"angle_to_shipped", "angle (°)", true},
                 {"distance_to_unflagged", "to unflagged mean (L2)", true},
                 {"angle_to_unflagged", "angle (°)", true},
                 {"flagged_share", "flagged (%)", true},
                 {"silenced", "silenced", false, true}});
    if (options.last) json.begin_object().key("rounds").begin_array();
    for (const analysis::WhatIf& answer : answers) {
        answer_json(json, answer, question.exclude);
        add_rows(table, answer);
    }
    if (options.last) json.end_array().end_object();
    FEDSLEUTH_CHECK(print(terminal, options.common.format, table, json));
    if (options.common.format == Format::table)
        terminal.say(
            "To shipped: how far the rule's step lies from the one that the server made. Flagged: the share of all "
            "weight that suspect and malicious clients would have had.");
    return Exit::ok;
}

}  // namespace

void add_whatif(CLI::App& program, Chosen& chosen)
{
    CLI::App* command = add_command<WhatIfCommand>(
        program, chosen, "whatif", "what every rule would have made of a round, side by side",
        [](CLI::App& app, WhatIfCommand& options) {
            const auto many = [](CLI::Option* option) {
                option->type_size(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->allow_extra_args(false);
            };
            add_case(app, options.common);
            app.add_option("--round", options.round, "the round, or the first of several")
                ->required()
                ->option_text("N");
            app.add_option("--to", options.last, "the last of several rounds")->option_text("M");
            many(app.add_option("--exclude", options.exclude, "clients to leave out; may be given several times")
                     ->option_text("a,b"));
            many(app.add_option("--rules", options.rules, "the rules to ask (all unless given)")->option_text("a,b"));
            many(app.add_option("--set", options.set, "a parameter of every rule that has it, or of one rule")
                     ->option_text("[RULE.]name=value"));
        },
        run_whatif);
    command->footer([] {
        return rules_help() + help_footer(
                                  "  fedsleuth-cli whatif --case run-042.fedcase --round 15\n"
                                  "  fedsleuth-cli whatif --case run-042.fedcase --round 15 --exclude site-07 \\\n"
                                  "    --rules krum,median,trimmed-mean --set f=3 --set trimmed-mean.fraction=0.2\n"
                                  "  fedsleuth-cli whatif --case run-042.fedcase --round 10 --to 20 --format csv\n"
                                  "\nEverything but the rules that work coordinate by coordinate is answered from what "
                                  "analyse left.\n");
    });
}

}  // namespace fedsleuth::cli
