// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/aggregate.h"

#include "app/cli/case_access.h"
#include "app/cli/commands.h"
#include "app/cli/exclude.h"
#include "app/cli/long_step.h"
#include "app/cli/rule_options.h"
#include "model/text.h"
#include "storage/custody/file_digest.h"
#include "storage/export/npz_writer.h"

#include <algorithm>
#include <optional>

namespace fedsleuth::cli {

namespace {

struct AggregateCommand {
    CaseOptions common;
    RuleOptions rule;
    std::int64_t round = 0;
    std::vector<std::string> exclude;
    std::string out;
};

std::vector<model::ClientId> selected_clients(const analysis::RoundAggregate& result)
{
    std::vector<model::ClientId> selected;
    for (const std::size_t row : result.aggregate.selected()) selected.push_back(result.clients[row]);
    return selected;
}

model::JsonWriter as_json(const AggregateCommand& options, const analysis::RoundAggregate& result)
{
    const analysis::Aggregate& aggregate = result.aggregate;
    model::JsonWriter json;
    json.begin_object().field("round", options.round).field("rule", aggregate.rule);
    clients_field(json, "clients", result.clients);
    if (aggregate.how)
        numbers_field(json, "weights", aggregate.how->weights);
    else
        json.key("weights").null();
    if (!aggregate.selected().empty())
        clients_field(json, "selected", selected_clients(result));
    else
        json.key("selected").null();
    if (aggregate.scores().empty())
        json.key("scores").null();
    else
        numbers_field(json, "scores", aggregate.scores());
    aggregate_fields(json, aggregate);
    json.field("out", options.out).end_object();
    return json;
}

Table as_table(const analysis::RoundAggregate& result)
{
    Table table({{"client", "client"}, {"weight", "weight", true}, {"selected", "selected"}, {"score", "score", true}});
    const auto& how = result.aggregate.how;
    const std::vector<double>& scores = result.aggregate.scores();
    const std::vector<model::ClientId> selected = selected_clients(result);
    for (std::size_t row = 0; row < result.clients.size(); ++row) {
        const model::ClientId& client = result.clients[row];
        const bool chosen = std::find(selected.begin(), selected.end(), client) != selected.end();
        const auto score = row < scores.size() ? std::optional(scores[row]) : std::nullopt;
        table.add({text_cell(client.text()), how ? fixed_cell(how->weights[row], 6) : unknown_cell(),
                   selected.empty() ? unknown_cell() : text_cell(chosen ? "yes" : "no"), number_cell(score, 6)});
    }
    return table;
}

/// What the custody chain keeps of this act: enough to do it again.
std::string parameters_json(const AggregateCommand& options, const analysis::RuleSettings& settings,
                            const std::vector<model::ClientId>& exclude)
{
    model::JsonWriter json;
    json.begin_object().field("version", FEDSLEUTH_VERSION).field("what", "aggregate").field("round", options.round);
    json.field("rule", options.rule.rule).field("variant", settings.variant).key("settings").begin_object();
    for (const auto& [name, value] : settings.values) json.field(name, value);
    json.end_object().field("seed", static_cast<std::int64_t>(settings.seed)).key("pre").begin_array();
    for (const analysis::PreSettings& step : settings.pre) {
        json.begin_object().field("name", step.name);
        for (const auto& [name, value] : step.values) json.field(name, value);
        json.end_object();
    }
    json.end_array();
    clients_field(json, "exclude", exclude);
    json.end_object();
    return json.text();
}

/// Writes the step tensor by tensor, as the federation lays out its model; counters have no numbers in it. Answers
/// the file's SHA-256.
model::Result<std::string> write_step(const std::string& path, const std::vector<model::Layer>& layers,
                                      std::span<const double> step)
{
    std::vector<storage::NamedArray> arrays;
    for (const model::Layer& layer : layers) {
        if (layer.counter) continue;
        arrays.push_back({layer.name, layer.shape,
                          step.subspan(static_cast<std::size_t>(layer.offset), static_cast<std::size_t>(layer.count))});
    }
    FEDSLEUTH_CHECK(storage::write_npz(path, arrays, {.overwrite = true}));
    return storage::sha256_of_file(path);
}

model::Result<Exit> run_aggregate(const AggregateCommand& options, const Terminal& terminal)
{
    const auto rule = checked_rule(options.rule);
    if (!rule) return terminal.wrong_usage(rule.error().where + ": " + rule.error().message, rule.error().hint);
    const std::string& path = options.common.case_path;
    FEDSLEUTH_TRY(const std::unique_ptr<storage::CaseFile> store, open_case(path, storage::CaseFile::Mode::read_write));
    FEDSLEUTH_TRY(const std::vector<model::ClientId> exclude, named_clients(*store, options.exclude, path));
    const Interrupts interrupts;
    auto result = [&] {
        LongStep step(terminal);
        return analysis::aggregate_round(*store, *store, model::RoundNo(options.round), options.rule.rule,
                                         rule->settings, exclude, step.progress());
    }();
    if (!result) {
        model::Error error = std::move(result.error());
        if (error.code == model::ErrorCode::cancelled) error.message = "stopped; nothing was written";
        if (error.where.empty()) error.where = path;
        return model::pass_on(std::move(error));
    }
    FEDSLEUTH_TRY(const model::Federation federation, store->federation());
    FEDSLEUTH_TRY(const std::string sha256, write_step(options.out, federation.layers, result->aggregate.vector));
    FEDSLEUTH_CHECK(
        store->append_custody("export", options.out, parameters_json(options, rule->settings, exclude), sha256));
    FEDSLEUTH_CHECK(print(terminal, options.common.format, as_table(*result), as_json(options, *result)));
    for (const std::string& note : result->aggregate.notes) terminal.say(note);
    terminal.say("Wrote " + options.out + ": what " + options.rule.rule + " makes of " +
                 plural(static_cast<std::int64_t>(result->clients.size()), "update", "updates") + " of round " +
                 std::to_string(options.round) + ", as a step from the model before (L2 norm " +
                 model::short_number(result->aggregate.norm, 4) + ").");
    return Exit::ok;
}

}  // namespace

void add_aggregate(CLI::App& program, Chosen& chosen)
{
    CLI::App* command = add_command<AggregateCommand>(
        program, chosen, "aggregate", "what any rule would have made of one round, without some clients",
        [](CLI::App& app, AggregateCommand& options) {
            add_case(app, options.common);
            app.add_option("--round", options.round, "the round")->required()->option_text("N");
            add_rule(app, options.rule);
            add_exclude(app, options.exclude);
            app.add_option("--out", options.out, "where the result goes, tensor by tensor")
                ->required()
                ->option_text("X.npz");
        },
        run_aggregate);
    command->footer([] {
        return rules_help() +
               help_footer(
                   "  fedsleuth-cli aggregate --case run-042.fedcase --round 15 --rule median --out r15.npz\n"
                   "  fedsleuth-cli aggregate --case run-042.fedcase --round 15 --rule fedavg \\\n"
                   "    --exclude site-07 --out r15.npz\n"
                   "\nThe result is a step: add it to the checkpoint of the round before. The export is on record\n"
                   "in the custody chain.\n");
    });
}

}  // namespace fedsleuth::cli
