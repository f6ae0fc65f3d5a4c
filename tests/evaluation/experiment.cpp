// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/verdict/second_look.h"
#include "evaluation/dataset.h"
#include "evaluation/experiment.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <numeric>

namespace fedsleuth::evaluation {

namespace {

double auroc(std::vector<double> positives, std::vector<double> negatives)
{
    if (positives.empty() || negatives.empty()) return -1;
    std::sort(negatives.begin(), negatives.end());
    double sum = 0;
    for (const double p : positives) {
        const auto [a, b] = std::equal_range(negatives.begin(), negatives.end(), p);
        sum += static_cast<double>(a - negatives.begin()) + 0.5 * static_cast<double>(b - a);
    }
    return sum / static_cast<double>(positives.size()) / static_cast<double>(negatives.size());
}

}  // namespace

void report(const Dataset& data, const std::vector<double>& score, double threshold, bool brief)
{
    struct Tally {
        std::vector<double> positive, negative;
        std::size_t found = 0, accused = 0, cells = 0;
        double area = 0;
        std::size_t areas = 0;
    };
    std::map<std::string, Tally> by;
    std::vector<std::vector<std::size_t>> rows(data.cells.size());
    for (std::size_t idx = 0; idx < data.examples.size(); ++idx) rows[data.examples[idx].cell].push_back(idx);
    for (std::size_t cell_idx = 0; cell_idx < data.cells.size(); ++cell_idx) {
        const Cell& cell = data.cells[cell_idx];
        const std::string skew = "skew " + std::to_string(static_cast<int>(cell.skew));
        std::vector<std::string> keys{"ALL"};
        if (cell.attack.empty()) {
            keys = {"clean", "clean " + skew, cell.options.noisy_clients > 0 ? "clean noisy" : "clean quiet", "clean n " + std::string(cell.options.clients < 12 ? "<12" : cell.options.clients < 25 ? "<25" : ">=25")};
        } else {
            keys.push_back(cell.attack + (cell.held_out ? " *" : ""));
            keys.push_back(skew);
            keys.push_back(cell.hard ? "HARD" : cell.overt ? "OVERT" : "other");
            if (cell.overt && cell.options.clients >= 20 && cell.fraction <= 0.31 && cell.skew < 2) keys.push_back("OVERT n>=20 f<=.3 skew<2");
            if (cell.overt && cell.options.clients >= 20 && cell.fraction <= 0.31) keys.push_back("OVERT n>=20 f<=.3");
            keys.push_back(cell.fraction > 0.35 ? "f 40" : cell.fraction > 0.25 ? "f 30" : "f <= 20");
            keys.push_back(cell.options.clients < 12 ? "n <12" : cell.options.clients < 25 ? "n <25" : "n >=25");
            keys.push_back(cell.options.participation < 1 ? "partial" : "full");
            if (cell.held_out) keys.push_back("HELD OUT");
            if (cell.options.attacks[0].schedule.kind == analysis::lab::Schedule::Kind::on_off) keys.push_back("on-off");
        }
        std::vector<double> positive, negative;
        std::size_t found = 0, accused = 0;
        for (const std::size_t idx : rows[cell_idx]) {
            (data.examples[idx].malicious ? positive : negative).push_back(score[idx]);
            if (score[idx] >= threshold) ++(data.examples[idx].malicious ? found : accused);
        }
        const double area = auroc(positive, negative);
        for (const std::string& key : keys) {
            Tally& tally = by[key];
            tally.positive.insert(tally.positive.end(), positive.begin(), positive.end());
            tally.negative.insert(tally.negative.end(), negative.begin(), negative.end());
            tally.found += found;
            tally.accused += accused;
            ++tally.cells;
            if (area >= 0) {
                tally.area += area;
                ++tally.areas;
            }
        }
    }
    std::printf("%-34s %5s %6s %7s %7s %6s %6s\n", "", "cells", "pos", "AUROC", "inside", "TPR", "FPR");
    for (auto& [key, tally] : by) {
        if (brief && key != "ALL" && key != "clean" && key != "clean noisy") continue;
        std::printf("%-34s %5zu %6zu %7.3f %7.3f %6.3f %6.4f\n", key.c_str(), tally.cells, tally.positive.size(),
                    auroc(tally.positive, tally.negative), tally.areas ? tally.area / static_cast<double>(tally.areas) : -1,
                    tally.positive.empty() ? -1 : static_cast<double>(tally.found) / static_cast<double>(tally.positive.size()),
                    tally.negative.empty() ? -1 : static_cast<double>(tally.accused) / static_cast<double>(tally.negative.size()));
    }
}


namespace {

/// Honest clients' quantile.
double honest_quantile(const Dataset& data, const std::vector<double>& score, double share)
{
    std::vector<double> honest;
    for (std::size_t idx = 0; idx < score.size(); ++idx)
        if (!data.examples[idx].malicious) honest.push_back(score[idx]);
    std::sort(honest.begin(), honest.end());
    return honest[static_cast<std::size_t>(share * static_cast<double>(honest.size() - 1))];
}

std::vector<double> first_scores(const Dataset& data, const std::vector<TrainedForest>& forests)
{
    std::vector<double> scores;
    for (const Example& example : data.examples) {
        double sum = 0;
        for (const TrainedForest& forest : forests) sum += analysis::margin(forest.view(), example.features.values);
        scores.push_back(sum / static_cast<double>(forests.size()));
    }
    return scores;
}

/// Rows of the second look, for all examples.
std::vector<std::vector<double>> second_rows(const Dataset& data, const std::vector<double>& first)
{
    std::vector<std::vector<double>> rows;
    std::size_t idx = 0;
    for (std::size_t cell = 0; cell < data.cells.size(); ++cell) {
        std::vector<analysis::ClientFeatures> clients;
        std::vector<double> suspicions;
        for (; idx < data.examples.size() && data.examples[idx].cell == cell; ++idx) {
            clients.push_back(data.examples[idx].features);
            suspicions.push_back(first[idx]);
        }
        for (auto& row : analysis::second_look(data.evidence[cell], clients, suspicions)) rows.push_back(std::move(row));
    }
    return rows;
}

std::vector<double> second_scores(const std::vector<std::vector<double>>& rows, const TrainedForest& forest)
{
    std::vector<double> scores;
    for (const auto& row : rows) scores.push_back(analysis::margin(forest.view(), row));
    return scores;
}

void list_gain(const TrainedForest& forest, const std::vector<std::string>& names, std::size_t count)
{
    std::vector<std::size_t> order(forest.gain.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](auto a, auto b) { return forest.gain[a] > forest.gain[b]; });
    for (std::size_t rank = 0; rank < std::min(count, order.size()); ++rank)
        std::printf("%s %.0f\n", names[order[rank]].c_str(), forest.gain[order[rank]]);
}

}  // namespace

int experiment(const std::filesystem::path& folder, std::size_t train_cells, std::size_t test_from, std::size_t test_to)
{
    const Dataset train = load_dataset(folder, 1, 0, train_cells);
    const Dataset test = load_dataset(folder, 1, test_from, test_to);
    std::fprintf(stderr, "%zu + %zu clients\n", train.examples.size(), test.examples.size());
    const auto used = [&](const Example& example) { return !train.cells[example.cell].held_out; };
    constexpr std::size_t folds = 4;
    BoostingOptions options;
    if (const char* trees = std::getenv("TREES")) options.trees = std::strtoul(trees, nullptr, 10);
    if (const char* depth = std::getenv("DEPTH")) options.depth = std::strtoul(depth, nullptr, 10);
    if (const char* l2 = std::getenv("L2")) options.l2 = std::strtod(l2, nullptr);
    std::vector<TrainedForest> forests;
    std::vector<double> out_of_fold(train.examples.size(), 0.0);
    for (std::size_t fold = 0; fold < folds; ++fold) {
        options.seed = fold + 1;
        forests.push_back(boost(client_table(train, [&](const Example& e) { return used(e) && e.cell % folds != fold; }), options));
        for (std::size_t idx = 0; idx < train.examples.size(); ++idx)
            if (train.examples[idx].cell % folds == fold)
                out_of_fold[idx] = analysis::margin(forests[fold].view(), train.examples[idx].features.values);
    }
    {
        const auto& names = analysis::feature_names();
        const auto first_pattern = static_cast<std::size_t>(std::find(names.begin(), names.end(), "pattern.boosted") - names.begin());
        for (std::size_t which = 0; which < 6; ++which) {
            std::vector<double> guard;
            for (const Example& example : test.examples) {
                const auto& v = example.features.values;
                double highest = 0;
                for (std::size_t pattern = 0; pattern < 5; ++pattern)
                    if ((which == 5 || pattern == which) && !(pattern == 2 && v[first_pattern + 5] > 0)) highest = std::max(highest, v[first_pattern + pattern]);
                guard.push_back(highest);
            }
            std::printf("guard %zu\n", which);
            report(test, guard, 8, which != 5);
        }
    }
    const std::vector<double> test_first = first_scores(test, forests);
    report(test, test_first, honest_quantile(test, test_first, 0.995));

    const auto train_rows = second_rows(train, out_of_fold);
    Table second;
    second.features = analysis::second_feature_names().size();
    const Table weights = client_table(train, used);
    std::size_t at = 0;
    for (std::size_t idx = 0; idx < train.examples.size(); ++idx) {
        if (!used(train.examples[idx])) continue;
        for (const double value : train_rows[idx]) second.values.push_back(static_cast<float>(value));
        second.label.push_back(weights.label[at]);
        second.weight.push_back(weights.weight[at]);
        second.group.push_back(weights.group[at]);
        ++at;
    }
    BoostingOptions second_options;
    second_options.trees = 150;
    second_options.depth = 3;
    second_options.columns = 0.5;
    second_options.rate = 0.06;
    second_options.l2 = 20;
    const TrainedForest judge = boost(second, second_options);
    const std::vector<double> test_second = second_scores(second_rows(test, test_first), judge);
    report(test, test_second, honest_quantile(test, test_second, 0.995));
    const double threshold = honest_quantile(test, test_second, 0.995);
    if (const char* corpus = std::getenv("CORPUS")) {
        Dataset labelled;
        for (const auto& entry : std::filesystem::directory_iterator(corpus))
            if (entry.is_directory())
                if (const auto added = add_folder(labelled, entry.path(), folder); !added) std::printf("%s\n", added.error().text().c_str());
        const std::vector<double> first = first_scores(labelled, forests);
        const std::vector<double> scores = second_scores(second_rows(labelled, first), judge);
        report(labelled, scores, threshold);
        for (std::size_t idx = 0; idx < scores.size(); ++idx)
            if (scores[idx] > honest_quantile(test, test_second, 0.98) || labelled.examples[idx].malicious)
                std::printf("%s %s %d %.2f %.2f\n", labelled.cells[labelled.examples[idx].cell].attack.c_str(), labelled.examples[idx].features.client.text().c_str(), labelled.examples[idx].malicious, first[idx], scores[idx]);
    }
    for (const double share : {0.97, 0.98, 0.99, 0.995, 0.999}) std::printf("honest %.3f: %.2f %.2f\n", share, honest_quantile(test, test_first, share), honest_quantile(test, test_second, share));
    list_gain(forests[0], analysis::feature_names(), 40);
    list_gain(judge, analysis::second_feature_names(), 20);
    return 0;
}

}  // namespace fedsleuth::evaluation
