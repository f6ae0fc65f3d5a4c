// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/training.h"

#include "analysis/kernels/parallel.h"
#include "evaluation/chain.h"

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

using analysis::hardware_threads;
using analysis::parallel_for;

namespace {

constexpr std::size_t further_looks = 3;

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
    for (const Example& example : data.examples) {
        if (data.cells[example.cell].held_out) continue;
        for (std::size_t place = 0; place < example.features.round_values.size(); ++place) {
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
    // The third design is full of hard attacks, and has none of many others: what is likely there is not likely
    // elsewhere.
    const auto counts = [&](const Example& example) {
        const Cell& cell = data.cells[example.cell];
        return !cell.third && ((example.malicious && !cell.held_out) || example.unreliable);
    };
    const BoostingOptions options{.trees = 400, .depth = 4, .rate = 0.08, .l2 = 5, .columns = 0.2, .bins = 32};
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
    return chain_log_odds(lessons_of(data), data.surroundings, judges.first, judges.looks);
}

TrainedJudges train(const Dataset& data, const Dataset& quiet)
{
    TrainedJudges judges;
    const BoostingOptions first{.trees = 3000, .depth = 4, .rate = 0.07, .l2 = 6, .rows = 0.8, .columns = 0.1};
    const BoostingOptions further{.trees = 400, .depth = 4, .rate = 0.06, .l2 = 20, .rows = 0.8, .columns = 0.5};
    const std::vector<Lesson> lessons = lessons_of(data);
    Chain chain = learn_chain(lessons, data.surroundings, first, further, further_looks);
    judges.first = std::move(chain.first);
    judges.looks = std::move(chain.looks);
    std::vector<double> scores, labels;
    for (std::size_t idx = 0; idx < lessons.size(); ++idx)
        if (lessons[idx].used) {
            scores.push_back(chain.unseen[idx]);
            labels.push_back(lessons[idx].malicious);
        }
    std::tie(judges.slope, judges.offset) = fit_logistic(scores, labels);
    fit_library(judges, quiet);
    fit_rounds(judges, data);
    fit_kinds(judges, data);
    return judges;
}

}  // namespace fedsleuth::evaluation
