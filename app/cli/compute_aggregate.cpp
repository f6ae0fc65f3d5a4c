// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/aggregate.h"

#include "app/cli/compute.h"
#include "app/cli/matrix.h"
#include "app/cli/rule_options.h"
#include "storage/export/npy_writer.h"

#include <algorithm>
#include <optional>

namespace fedsleuth::cli {

namespace {

struct ComputeAggregateCommand {
    RuleOptions rule;
    std::string in;
    std::string weights;
    std::string reference;
    std::string history;
    std::string previous;
    std::string out;
    Format format = Format::table;
};

model::JsonWriter as_json(const analysis::Aggregate& aggregate)
{
    model::JsonWriter json;
    json.begin_object().field("rule", aggregate.rule);
    const auto& how = aggregate.how;
    if (how)
        numbers_field(json, "weights", how->weights);
    else
        json.key("weights").null();
    json.key("selected");
    if (aggregate.selected().empty()) {
        json.null();
    } else {
        json.begin_array();
        for (const std::size_t row : aggregate.selected()) json.value(static_cast<std::int64_t>(row));
        json.end_array();
    }
    if (aggregate.scores().empty())
        json.key("scores").null();
    else
        numbers_field(json, "scores", aggregate.scores());
    aggregate_fields(json, aggregate);
    json.end_object();
    return json;
}

/// One line a row where the rule answers with weights; else one line for the whole.
Table as_table(const analysis::Aggregate& aggregate)
{
    if (!aggregate.how) {
        Table table({{"rule", "rule"}, {"norm", "L2 norm", true}});
        table.add({text_cell(aggregate.rule), number_cell(aggregate.norm, 6)});
        return table;
    }
    const analysis::RuleWeights& how = *aggregate.how;
    Table table({{"row", "row", true}, {"weight", "weight", true}, {"selected", "selected"}, {"score", "score", true}});
    for (std::size_t row = 0; row < how.weights.size(); ++row) {
        const bool selected = std::find(how.selected.begin(), how.selected.end(), row) != how.selected.end();
        const std::optional<double> score = row < how.scores.size() ? std::optional(how.scores[row]) : std::nullopt;
        table.add({count_cell(static_cast<std::int64_t>(row)), fixed_cell(how.weights[row], 6),
                   how.selected.empty() ? unknown_cell() : text_cell(selected ? "yes" : "no"), number_cell(score, 6)});
    }
    return table;
}

/// What --reference, --history and --previous name; empty where they are not given.
struct SideFiles {
    std::vector<double> reference;
    std::vector<double> history;
    std::vector<double> previous;
};

model::Result<std::vector<double>> read_fitting_vector(const std::string& path, const Matrix& matrix)
{
    if (path.empty()) return std::vector<double>{};
    FEDSLEUTH_TRY(std::vector<double> vector, read_vector(path));
    if (vector.size() != matrix.columns) {
        return model::fail(
            model::ErrorCode::invalid_argument,
            "holds " + std::to_string(vector.size()) + " numbers, a row has " + std::to_string(matrix.columns), path);
    }
    return vector;
}

model::Result<SideFiles> read_side_files(const ComputeAggregateCommand& options, const Matrix& matrix)
{
    SideFiles side;
    FEDSLEUTH_TRY(side.reference, read_fitting_vector(options.reference, matrix));
    FEDSLEUTH_TRY(side.previous, read_fitting_vector(options.previous, matrix));
    if (!options.history.empty()) {
        FEDSLEUTH_TRY(Matrix history, read_matrix(options.history));
        if (history.rows != matrix.rows || history.columns != matrix.columns)
            return model::fail(model::ErrorCode::invalid_argument, "has another shape than the updates",
                               options.history);
        side.history = std::move(history.values);
    }
    return side;
}

model::Result<Exit> run_compute_aggregate(const ComputeAggregateCommand& options, const Terminal& terminal)
{
    const auto rule = checked_rule(options.rule);
    if (!rule) return terminal.wrong_usage(rule.error().where + ": " + rule.error().message, rule.error().hint);
    FEDSLEUTH_TRY(const Matrix matrix, read_matrix(options.in));
    std::vector<double> num_examples(matrix.rows, 1.0);
    if (!options.weights.empty()) {
        FEDSLEUTH_TRY(num_examples, read_vector(options.weights));
        if (num_examples.size() != matrix.rows) {
            return model::fail(model::ErrorCode::invalid_argument,
                               "holds " + std::to_string(num_examples.size()) + " weights for " +
                                   std::to_string(matrix.rows) + " rows",
                               options.weights);
        }
    }
    FEDSLEUTH_TRY(const SideFiles side, read_side_files(options, matrix));
    FEDSLEUTH_TRY(
        const analysis::Aggregate aggregate,
        analysis::aggregate_matrix(options.rule.rule, matrix.values, matrix.rows, matrix.columns, num_examples,
                                   rule->settings, {side.reference, side.history, side.previous, side.previous}));
    if (!options.out.empty()) {
        const auto d = static_cast<std::int64_t>(aggregate.vector.size());
        FEDSLEUTH_CHECK(storage::write_npy(options.out, {d}, aggregate.vector, {.overwrite = true}));
    }
    FEDSLEUTH_CHECK(print(terminal, options.format, as_table(aggregate), as_json(aggregate)));
    for (const std::string& note : aggregate.notes) terminal.say(note);
    if (options.format == Format::table && options.out.empty())
        terminal.say("The vector itself goes into the file that --out names.");
    return Exit::ok;
}

}  // namespace

void add_compute_aggregate(CLI::App& compute, Chosen& chosen)
{
    CLI::App* command = add_command<ComputeAggregateCommand>(
        compute, chosen, "aggregate", "one aggregation rule on the rows of a matrix",
        [](CLI::App& app, ComputeAggregateCommand& options) {
            add_rule(app, options.rule);
            app.add_option("--in", options.in, "the updates: n rows by d columns")->required()->option_text("X.npy");
            app.add_option("--weights", options.weights, "examples of each row (n numbers; all alike unless given)")
                ->option_text("w.npy");
            app.add_option("--reference", options.reference, "the server's own update (d numbers): fltrust")
                ->option_text("r.npy");
            app.add_option("--history", options.history, "each row's updates so far, summed (n by d): foolsgold")
                ->option_text("H.npy");
            app.add_option("--previous", options.previous,
                           "what was before (d numbers): the last step for centred-clipping, the model for flame, the "
                           "start of the power iteration for caf")
                ->option_text("v.npy");
            app.add_option("--out", options.out, "where the result goes: d float64")->option_text("y.npy");
            add_format(app, options.format);
        },
        run_compute_aggregate);
    command->footer([] {
        return rules_help() +
               help_footer(
                   "  fedsleuth-cli compute aggregate --rule median --in X.npy --out y.npy\n"
                   "  fedsleuth-cli compute aggregate --rule multi-krum --set f=2 --set keep=5 --in X.npy\n"
                   "  fedsleuth-cli compute aggregate --rule trimmed-mean --set count=2 --pre nnm --set f=2 --in "
                   "X.npy\n"
                   "\nRows count from 0. A row with a NaN or an infinity is refused, never averaged in.\n");
    });
}

}  // namespace fedsleuth::cli
