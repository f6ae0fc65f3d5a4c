// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/training.h"

#include "analysis/kernels/parallel.h"
#include "analysis/verdict/further_look.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

namespace fedsleuth::evaluation {

std::pair<double, double> fit_logistic(const std::vector<double>& x, const std::vector<double>& label)
{
    double slope = 1, offset = 0;
    for (int step = 0; step < 50; ++step) {
        double ga = 0, gb = 0, haa = 1e-6, hab = 0, hbb = 1e-6;
        for (std::size_t idx = 0; idx < x.size(); ++idx) {
            const double p = analysis::logistic(slope * x[idx] + offset);
            const double w = p * (1 - p);
            ga += (label[idx] - p) * x[idx];
            gb += label[idx] - p;
            haa += w * x[idx] * x[idx];
            hab += w * x[idx];
            hbb += w;
        }
        const double det = haa * hbb - hab * hab;
        slope += (hbb * ga - hab * gb) / det;
        offset += (haa * gb - hab * ga) / det;
    }
    return {slope, offset};
}

TrainedJudges::Null null_cell(std::vector<double> values, double most_clients)
{
    std::sort(values.begin(), values.end());
    TrainedJudges::Null cell;
    cell.most_clients = most_clients;
    cell.count = static_cast<double>(values.size());
    constexpr std::size_t kept = 200;
    for (std::size_t k = 0; k < kept && !values.empty(); ++k)
        cell.quantiles.push_back(static_cast<float>(values[(2 * k + 1) * values.size() / (2 * kept)]));
    // The uppermost fiftieth gets a generalised Pareto tail by probability-weighted moments (Hosking & Wallis 1987).
    const std::size_t from = values.size() * 98 / 100;
    if (from + 20 > values.size()) {
        cell.tail_from = values.empty() ? 0 : values.back();
        cell.tail_share = 1 / std::max(cell.count, 1.0);
        return cell;
    }
    cell.tail_from = values[from];
    const std::size_t count = values.size() - from - 1;
    cell.tail_share = static_cast<double>(count + 1) / cell.count;
    double mean = 0, weighted = 0;
    for (std::size_t k = 0; k < count; ++k) {
        const double excess = values[from + 1 + k] - cell.tail_from;
        mean += excess;
        weighted += excess * (1 - (static_cast<double>(k) + 0.65) / static_cast<double>(count));
    }
    mean /= static_cast<double>(count);
    weighted /= static_cast<double>(count);
    const double ratio = mean / std::max(mean - 2 * weighted, 1e-9);
    cell.tail_shape = std::clamp(2 - ratio, -0.5, 0.5);
    cell.tail_scale = std::max(mean * (1 - cell.tail_shape), 1e-3);
    return cell;
}

using analysis::ClientFeatures;
using analysis::hardware_threads;
using analysis::parallel_for;

namespace {

constexpr std::size_t folds = 4;
constexpr std::size_t further_looks = 3;

std::vector<double> margins(const std::vector<std::vector<double>>& rows, const analysis::Forest& forest)
{
    std::vector<double> out;
    for (const auto& row : rows) out.push_back(analysis::margin(forest, row));
    return out;
}

/// Rows of a further look for all examples, in their order.
std::vector<std::vector<double>> further_rows(const Dataset& data, const std::vector<double>& suspicions)
{
    std::vector<std::size_t> first_of(data.cells.size() + 1, data.examples.size());
    for (std::size_t idx = data.examples.size(); idx-- > 0;) first_of[data.examples[idx].cell] = idx;
    std::vector<std::vector<double>> rows(data.examples.size());
    parallel_for(data.cells.size(), hardware_threads(), [&](std::size_t cell) {
        std::vector<ClientFeatures> clients;
        std::vector<double> own;
        for (std::size_t idx = first_of[cell]; idx < data.examples.size() && data.examples[idx].cell == cell; ++idx) {
            ClientFeatures light;
            light.client = data.examples[idx].features.client;
            light.values = data.examples[idx].features.values;
            clients.push_back(std::move(light));
            own.push_back(suspicions[idx]);
        }
        const analysis::Surroundings surroundings = analysis::surroundings_of(data.evidence[cell], clients);
        std::size_t idx = first_of[cell];
        for (auto& row : analysis::further_look(surroundings, own)) rows[idx++] = std::move(row);
    });
    return rows;
}

Table further_table(const Dataset& data, const std::vector<std::vector<double>>& rows,
                    const std::function<bool(const Example&)>& keep)
{
    Table table = client_table(data, keep);
    table.features = analysis::further_feature_names().size();
    table.values.clear();
    for (std::size_t idx = 0; idx < data.examples.size(); ++idx)
        if (keep(data.examples[idx]))
            for (const double value : rows[idx]) table.values.push_back(static_cast<float>(value));
    return table;
}

void fit_library(TrainedJudges& judges, const Dataset& quiet)
{
    const std::vector<double> scores = last_log_odds(quiet, judges);
    for (const auto& [low, high] : {std::pair{0.0, 11.0}, {11.0, 22.0}, {22.0, 1e9}}) {
        std::vector<double> values;
        for (std::size_t idx = 0; idx < scores.size(); ++idx) {
            const Cell& cell = quiet.cells[quiet.examples[idx].cell];
            const auto clients = static_cast<double>(cell.options.clients);
            if (cell.attack.empty() && clients > low && clients <= high) values.push_back(scores[idx]);
        }
        if (values.size() >= 100) judges.library.push_back(null_cell(std::move(values), high));
    }
}

void fit_rounds(TrainedJudges& judges, const Dataset& data)
{
    Table table;
    table.features = analysis::round_feature_names().size();
    std::size_t turn = 0;
    for (const Example& example : data.examples) {
        if (data.cells[example.cell].held_out) continue;
        if (!example.malicious && ++turn % 4 != 0) continue;
        for (std::size_t place = 0; place < example.features.rounds.size(); ++place) {
            for (const double value : example.features.round_values[place])
                table.values.push_back(static_cast<float>(value));
            table.label.push_back(std::binary_search(example.bad_rounds.begin(), example.bad_rounds.end(),
                                                     example.features.rounds[place]));
            table.weight.push_back(1.0f);
            table.group.push_back(example.cell);
        }
    }
    const BoostingOptions options{.trees = 400, .depth = 4, .rate = 0.1, .l2 = 20, .rows = 0.4};
    judges.round = boost(table, options);
}

void fit_kinds(TrainedJudges& judges, const Dataset& data)
{
    std::set<std::string> kinds;
    for (const Example& example : data.examples)
        if (example.malicious && !data.cells[example.cell].held_out) kinds.insert(example.attack);
    const auto counts = [&](const Example& example) {
        return (example.malicious && !data.cells[example.cell].held_out) || example.unreliable;
    };
    const BoostingOptions options{.trees = 300, .depth = 4, .rate = 0.08, .l2 = 5, .columns = 0.2};
    kinds.insert("unreliable");
    const std::vector<std::string> names(kinds.begin(), kinds.end());
    judges.kinds.resize(names.size());
    parallel_for(names.size(), hardware_threads(), [&](std::size_t idx) {
        const std::string& kind = names[idx];
        Table table = client_table(data, counts);
        std::size_t row = 0;
        for (const Example& example : data.examples) {
            if (!counts(example)) continue;
            table.label[row] = (example.malicious ? example.attack : "unreliable") == kind ? 1.0f : 0.0f;
            table.weight[row] = 1;
            ++row;
        }
        judges.kinds[idx] = {kind, boost(table, options)};
    });
}

}  // namespace

std::vector<double> last_log_odds(const Dataset& data, const TrainedJudges& judges)
{
    std::vector<double> log_odds;
    for (const Example& example : data.examples)
        log_odds.push_back(analysis::margin(judges.first.view(), example.features.values));
    for (const TrainedForest& look : judges.looks) log_odds = margins(further_rows(data, log_odds), look.view());
    return log_odds;
}

TrainedJudges train(const Dataset& data, const Dataset& quiet)
{
    const auto used = [&](const Example& example) { return !data.cells[example.cell].held_out; };
    const auto fold_of = [](const Example& example) { return (example.cell / 5) % folds; };
    // The forest of one fold has not seen that fold; the one of `folds` has seen all.
    const auto learn = [&](const BoostingOptions& options, const auto& table_of) {
        std::vector<TrainedForest> forests(folds + 1);
        parallel_for(folds + 1, hardware_threads(), [&](std::size_t fold) {
            BoostingOptions own = options;
            own.seed = fold + 1;
            forests[fold] =
                boost(table_of([&](const Example& example) { return used(example) && fold_of(example) != fold; }), own);
        });
        return forests;
    };
    TrainedJudges judges;
    const BoostingOptions options{.trees = 2500, .depth = 4, .rate = 0.07, .l2 = 12, .columns = 0.1};
    std::vector<TrainedForest> first = learn(options, [&](const auto& keep) { return client_table(data, keep); });
    std::vector<double> unseen;
    for (const Example& example : data.examples)
        unseen.push_back(analysis::margin(first[fold_of(example)].view(), example.features.values));
    judges.first = std::move(first.back());

    const BoostingOptions further{.trees = 400, .depth = 4, .rate = 0.06, .l2 = 20, .columns = 0.5};
    for (std::size_t look = 0; look < further_looks; ++look) {
        const auto rows = further_rows(data, unseen);
        std::vector<TrainedForest> forests =
            learn(further, [&](const auto& keep) { return further_table(data, rows, keep); });
        for (std::size_t idx = 0; idx < rows.size(); ++idx)
            unseen[idx] = analysis::margin(forests[fold_of(data.examples[idx])].view(), rows[idx]);
        judges.looks.push_back(std::move(forests.back()));
    }
    std::vector<double> scores, labels;
    for (std::size_t idx = 0; idx < data.examples.size(); ++idx)
        if (used(data.examples[idx])) {
            scores.push_back(unseen[idx]);
            labels.push_back(data.examples[idx].malicious);
        }
    std::tie(judges.slope, judges.offset) = fit_logistic(scores, labels);
    fit_library(judges, quiet);
    fit_rounds(judges, data);
    fit_kinds(judges, data);
    return judges;
}

}  // namespace fedsleuth::evaluation
