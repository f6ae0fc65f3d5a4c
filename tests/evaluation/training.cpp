// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/training.h"

#include "analysis/verdict/second_look.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
#include <set>
#include <thread>

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

namespace {

constexpr std::size_t folds = 4;

std::vector<double> margins(const std::vector<std::vector<double>>& rows, const analysis::Forest& forest)
{
    std::vector<double> out;
    for (const auto& row : rows) out.push_back(analysis::margin(forest, row));
    return out;
}

/// Rows of the second look for all examples, in their order.
std::vector<std::vector<double>> second_rows(const Dataset& data, const std::vector<double>& first)
{
    std::vector<std::vector<double>> rows;
    std::size_t idx = 0;
    for (std::size_t cell = 0; cell < data.cells.size(); ++cell) {
        std::vector<ClientFeatures> clients;
        std::vector<double> suspicions;
        for (; idx < data.examples.size() && data.examples[idx].cell == cell; ++idx) {
            ClientFeatures light;
            light.client = data.examples[idx].features.client;
            light.values = data.examples[idx].features.values;
            clients.push_back(std::move(light));
            suspicions.push_back(first[idx]);
        }
        for (auto& row : analysis::second_look(data.evidence[cell], clients, suspicions))
            rows.push_back(std::move(row));
    }
    return rows;
}

Table second_table(const Dataset& data, const std::vector<std::vector<double>>& rows,
                   const std::function<bool(const Example&)>& keep)
{
    Table table = client_table(data, keep);
    table.features = analysis::second_feature_names().size();
    table.values.clear();
    for (std::size_t idx = 0; idx < data.examples.size(); ++idx)
        if (keep(data.examples[idx]))
            for (const double value : rows[idx]) table.values.push_back(static_cast<float>(value));
    return table;
}

/// Does `work` for 0 … count − 1; which thread does what changes nothing.
void in_two_threads(std::size_t count, const std::function<void(std::size_t)>& work)
{
    std::atomic<std::size_t> next = 0;
    const auto run = [&] {
        for (std::size_t idx = next++; idx < count; idx = next++) work(idx);
    };
    std::thread other(run);
    run();
    other.join();
}

void fit_library(TrainedJudges& judges, const Dataset& quiet)
{
    const std::vector<double> scores = second_log_odds(quiet, judges.first.view(), judges.second.view());
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
    BoostingOptions options;
    options.trees = 400;
    options.depth = 4;
    options.rate = 0.1;
    options.l2 = 20;
    options.rows = 0.4;
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
    BoostingOptions options;
    options.trees = 150;
    options.depth = 4;
    options.rate = 0.1;
    options.l2 = 5;
    options.columns = 0.2;
    kinds.insert("unreliable");
    const std::vector<std::string> names(kinds.begin(), kinds.end());
    judges.kinds.resize(names.size());
    in_two_threads(names.size(), [&](std::size_t idx) {
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

std::vector<double> second_log_odds(const Dataset& data, const analysis::Forest& first, const analysis::Forest& second)
{
    std::vector<double> suspicions;
    for (const Example& example : data.examples) suspicions.push_back(analysis::margin(first, example.features.values));
    return margins(second_rows(data, suspicions), second);
}

TrainedJudges train(const Dataset& data, const Dataset& quiet)
{
    const auto used = [&](const Example& example) { return !data.cells[example.cell].held_out; };
    const auto fold_of = [](const Example& example) { return (example.cell / 5) % folds; };
    // The forest of one fold has not seen that fold; the one of `folds` has seen all.
    const auto learn = [&](const BoostingOptions& options, const auto& table_of) {
        std::vector<TrainedForest> forests(folds + 1);
        in_two_threads(folds + 1, [&](std::size_t fold) {
            BoostingOptions own = options;
            own.seed = fold + 1;
            forests[fold] =
                boost(table_of([&](const Example& example) { return used(example) && fold_of(example) != fold; }), own);
        });
        return forests;
    };
    TrainedJudges judges;
    BoostingOptions options;
    options.trees = 2000;
    options.depth = 4;
    options.rate = 0.08;
    options.l2 = 12;
    options.columns = 0.1;
    std::vector<TrainedForest> first = learn(options, [&](const auto& keep) { return client_table(data, keep); });
    std::vector<double> unseen;
    for (const Example& example : data.examples)
        unseen.push_back(analysis::margin(first[fold_of(example)].view(), example.features.values));
    judges.first = std::move(first.back());

    BoostingOptions second;
    second.trees = 400;
    second.depth = 4;
    second.columns = 0.5;
    second.rate = 0.06;
    second.l2 = 20;
    const auto rows = second_rows(data, unseen);
    std::vector<TrainedForest> seconds =
        learn(second, [&](const auto& keep) { return second_table(data, rows, keep); });
    std::vector<double> scores, labels;
    for (std::size_t idx = 0; idx < data.examples.size(); ++idx)
        if (used(data.examples[idx])) {
            scores.push_back(analysis::margin(seconds[fold_of(data.examples[idx])].view(), rows[idx]));
            labels.push_back(data.examples[idx].malicious);
        }
    judges.second = std::move(seconds.back());
    std::tie(judges.slope, judges.offset) = fit_logistic(scores, labels);
    fit_library(judges, quiet);
    fit_rounds(judges, data);
    fit_kinds(judges, data);
    return judges;
}

}  // namespace fedsleuth::evaluation
