// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/clustering/distances.h"
#include "analysis/clustering/hdbscan.h"
#include "app/cli/compute.h"
#include "app/cli/matrix.h"

#include <CLI/Validators.hpp>
#include <cmath>
#include <map>

namespace fedsleuth::cli {

namespace {

enum class Metric { euclidean, cosine, precomputed };

struct ComputeClusterCommand {
    std::string in;
    Metric metric = Metric::euclidean;
    analysis::HdbscanOptions options;
    Format format = Format::table;
};

model::Result<analysis::Clustering> cluster(const ComputeClusterCommand& command, const Matrix& matrix)
{
    const std::size_t n = matrix.rows;
    for (std::size_t at = 0; at < matrix.values.size(); ++at)
        if (!std::isfinite(matrix.values[at]))
            return model::fail(model::ErrorCode::invalid_argument,
                               "row " + std::to_string(at / matrix.columns) +
                                   " holds a value that is not finite (column " + std::to_string(at % matrix.columns) +
                                   ")",
                               command.in, "leave the row out");
    if (command.metric == Metric::euclidean)
        return analysis::hdbscan_points(matrix.values, n, matrix.columns, command.options);
    if (command.metric == Metric::cosine)
        return analysis::hdbscan(analysis::cosine_distances(matrix.values, n, matrix.columns), n, command.options);
    if (n != matrix.columns)
        return model::fail(model::ErrorCode::invalid_argument,
                           "is " + std::to_string(n) + " by " + std::to_string(matrix.columns) +
                               ", and precomputed distances are n by n",
                           command.in);
    return analysis::hdbscan(matrix.values, n, command.options);
}

model::JsonWriter as_json(const analysis::Clustering& clustering)
{
    model::JsonWriter json;
    json.begin_object().key("labels").begin_array();
    for (const int label : clustering.labels) json.value(label);
    json.end_array();
    numbers_field(json, "probabilities", clustering.probabilities);
    numbers_field(json, "outlier_scores", clustering.outlier_scores);
    numbers_field(json, "persistence", clustering.persistence);
    numbers_field(json, "merge_distances", clustering.merge_distances);
    json.end_object();
    return json;
}

Table as_table(const analysis::Clustering& clustering)
{
    Table table({{"row", "row", true},
                 {"label", "cluster", true},
                 {"probability", "probability", true},
                 {"outlier_score", "outlier score", true}});
    for (std::size_t row = 0; row < clustering.labels.size(); ++row) {
        const int label = clustering.labels[row];
        table.add({count_cell(static_cast<std::int64_t>(row)),
                   {label < 0 ? "noise" : std::to_string(label), std::to_string(label), Tone::plain},
                   fixed_cell(clustering.probabilities[row], 3),
                   fixed_cell(clustering.outlier_scores[row], 3)});
    }
    return table;
}

model::Result<Exit> run_compute_cluster(const ComputeClusterCommand& command, const Terminal& terminal)
{
    FEDSLEUTH_TRY(const Matrix matrix, read_matrix(command.in));
    auto clustering = cluster(command, matrix);
    if (!clustering) {
        if (clustering.error().where.empty()) clustering.error().where = command.in;
        return model::pass_on(std::move(clustering.error()));
    }
    FEDSLEUTH_CHECK(print(terminal, command.format, as_table(*clustering), as_json(*clustering)));
    return Exit::ok;
}

void describe(CLI::App& app, ComputeClusterCommand& command)
{
    using Selection = analysis::HdbscanOptions::Selection;
    const std::map<std::string, Metric> metrics{
        {"euclidean", Metric::euclidean}, {"cosine", Metric::cosine}, {"precomputed", Metric::precomputed}};
    const std::map<std::string, Selection> methods{{"eom", Selection::excess_of_mass}, {"leaf", Selection::leaf}};
    app.add_option("--in", command.in, "n rows by d columns; n by n distances with --metric precomputed")
        ->required()
        ->option_text("X.npy");
    app.add_option("--metric", command.metric, "how far apart rows are (euclidean unless given)")
        ->transform(CLI::Transformer(metrics))
        ->option_text("euclidean|cosine|precomputed");
    app.add_option("--min-cluster-size", command.options.min_cluster_size, "the least that counts as a cluster")
        ->required()
        ->check(CLI::Range(std::size_t{2}, std::size_t{1'000'000'000}))
        ->option_text("N");
    app.add_option("--min-samples", command.options.min_samples,
                   "neighbours, without the point itself, that make a place dense (as --min-cluster-size unless given)")
        ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000'000}))
        ->option_text("N");
    app.add_option("--method", command.options.selection, "how clusters are picked from the tree (eom unless given)")
        ->transform(CLI::Transformer(methods))
        ->option_text("eom|leaf");
    app.add_flag("--allow-single-cluster", command.options.allow_single_cluster, "all rows may be one cluster");
    app.add_option("--epsilon", command.options.epsilon, "clusters nearer than this are not split")
        ->check(CLI::NonNegativeNumber)
        ->option_text("E");
    add_format(app, command.format);
}

}  // namespace

void add_compute_cluster(CLI::App& compute, Chosen& chosen)
{
    CLI::App* command = add_command<ComputeClusterCommand>(compute, chosen, "cluster",
                                                           "HDBSCAN* on the rows of a matrix, or on their distances",
                                                           describe, run_compute_cluster);
    command->footer(help_footer(
        "  fedsleuth-cli compute cluster --in X.npy --min-cluster-size 5\n"
        "  fedsleuth-cli compute cluster --in D.npy --metric precomputed --min-cluster-size 11 --allow-single-cluster\n"
        "\nLabel -1 is noise. Outlier scores are GLOSH. merge_distances: the single-linkage tree's, ascending.\n"));
}

}  // namespace fedsleuth::cli
