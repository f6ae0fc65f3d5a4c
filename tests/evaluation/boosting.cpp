// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/boosting.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace fedsleuth::evaluation {

namespace {

/// Upper edges of at most `bins` equally filled bins of one feature, strictly ascending.
std::vector<float> edges_of(const Table& table, std::size_t feature, std::size_t bins)
{
    std::vector<float> column(table.rows());
    for (std::size_t row = 0; row < table.rows(); ++row) column[row] = table.values[row * table.features + feature];
    std::sort(column.begin(), column.end());
    std::vector<float> edges;
    for (std::size_t bin = 1; bin < bins; ++bin) {
        const std::size_t at = bin * column.size() / bins;
        const float edge = at == 0 ? column[0] : 0.5f * (column[at - 1] + column[at]);
        if ((edges.empty() || edge > edges.back()) && edge < column.back()) edges.push_back(edge);
    }
    return edges;
}

class Booster {
public:
    Booster(const Table& table, const BoostingOptions& options)
        : table_(table), options_(options), random_(options.seed)
    {
        for (std::size_t feature = 0; feature < table.features; ++feature)
            edges_.push_back(edges_of(table, feature, options.bins));
        binned_.resize(table.values.size());
        for (std::size_t feature = 0; feature < table.features; ++feature)
            for (std::size_t row = 0; row < table.rows(); ++row) {
                const float value = table.values[row * table.features + feature];
                const auto at = std::lower_bound(edges_[feature].begin(), edges_[feature].end(), value);
                binned_[feature * table.rows() + row] = static_cast<unsigned char>(at - edges_[feature].begin());
            }
        groups_ = table.group.empty() ? 0 : *std::max_element(table.group.begin(), table.group.end()) + 1;
        double positive = 0, total = 0;
        for (std::size_t row = 0; row < table.rows(); ++row) {
            positive += static_cast<double>(table.label[row]) * static_cast<double>(table.weight[row]);
            total += static_cast<double>(table.weight[row]);
        }
        const double share = std::clamp(positive / std::max(total, 1e-9), 1e-3, 1 - 1e-3);
        forest_.base = std::log(share / (1 - share));
        forest_.depth = options.depth;
        forest_.gain.assign(table.features, 0.0);
        score_.assign(table.rows(), forest_.base);
    }

    TrainedForest run()
    {
        for (std::size_t tree = 0; tree < options_.trees; ++tree) grow();
        return std::move(forest_);
    }

private:
    double uniform() { return static_cast<double>(random_() >> 11) / 9007199254740992.0; }

    void grow()
    {
        const std::size_t rows = table_.rows();
        std::vector<char> drawn(groups_);
        for (char& group : drawn) group = uniform() < options_.rows;
        std::vector<std::size_t> used;
        gradient_.assign(rows, 0.0);
        curvature_.assign(rows, 0.0);
        for (std::size_t row = 0; row < rows; ++row) {
            if (!drawn[table_.group[row]]) continue;
            const double p = analysis::logistic(score_[row]);
            const auto weight = static_cast<double>(table_.weight[row]);
            gradient_[row] = weight * (static_cast<double>(table_.label[row]) - p);
            curvature_[row] = weight * p * (1 - p);
            used.push_back(row);
        }
        std::vector<std::size_t> features;
        for (std::size_t feature = 0; feature < table_.features; ++feature)
            if (!edges_[feature].empty() && uniform() < options_.columns) features.push_back(feature);
        if (features.empty() || used.empty()) return;

        std::vector<std::size_t> leaf(rows, 0);
        std::vector<analysis::Split> splits;
        for (std::size_t level = 0; level < options_.depth; ++level) {
            const auto [feature, bin] = best_split(used, features, leaf, std::size_t{1} << level);
            splits.push_back({static_cast<int>(feature), edges_[feature][bin]});
            for (std::size_t row = 0; row < rows; ++row)
                if (binned_[feature * rows + row] > bin) leaf[row] |= std::size_t{1} << level;
        }
        const std::size_t leaf_count = std::size_t{1} << options_.depth;
        std::vector<double> sums(leaf_count, 0.0), weights(leaf_count, 0.0);
        for (const std::size_t row : used) {
            sums[leaf[row]] += gradient_[row];
            weights[leaf[row]] += curvature_[row];
        }
        for (std::size_t idx = 0; idx < leaf_count; ++idx) {
            const double step = options_.rate * sums[idx] / (weights[idx] + options_.l2);
            // As the resource will hold it.
            forest_.leaves.push_back(static_cast<float>(std::round(step * 1e4) / 1e4));
        }
        forest_.splits.insert(forest_.splits.end(), splits.begin(), splits.end());
        const float* leaves = forest_.leaves.data() + forest_.leaves.size() - leaf_count;
        for (std::size_t row = 0; row < rows; ++row) score_[row] += static_cast<double>(leaves[leaf[row]]);
    }

    std::pair<std::size_t, std::size_t> best_split(const std::vector<std::size_t>& used,
                                                   const std::vector<std::size_t>& features,
                                                   const std::vector<std::size_t>& leaf, std::size_t leaves)
    {
        std::pair<std::size_t, std::size_t> best{features.front(), 0};
        double most = -1;
        const std::size_t rows = table_.rows();
        for (const std::size_t feature : features) {
            const std::size_t bins = edges_[feature].size() + 1;
            std::vector<double> sums(leaves * bins, 0.0), weights(leaves * bins, 0.0);
            const unsigned char* column = binned_.data() + feature * rows;
            for (const std::size_t row : used) {
                const std::size_t at = leaf[row] * bins + column[row];
                sums[at] += gradient_[row];
                weights[at] += curvature_[row];
            }
            std::vector<double> gain(bins - 1, 0.0);
            for (std::size_t idx = 0; idx < leaves; ++idx) {
                double total = 0, total_weight = 0;
                for (std::size_t bin = 0; bin < bins; ++bin) {
                    total += sums[idx * bins + bin];
                    total_weight += weights[idx * bins + bin];
                }
                double left = 0, left_weight = 0;
                const double whole = total * total / (total_weight + options_.l2);
                for (std::size_t bin = 0; bin + 1 < bins; ++bin) {
                    left += sums[idx * bins + bin];
                    left_weight += weights[idx * bins + bin];
                    const double right = total - left;
                    gain[bin] += left * left / (left_weight + options_.l2) +
                                 right * right / (total_weight - left_weight + options_.l2) - whole;
                }
            }
            for (std::size_t bin = 0; bin + 1 < bins; ++bin)
                if (gain[bin] > most) {
                    most = gain[bin];
                    best = {feature, bin};
                }
        }
        forest_.gain[best.first] += std::max(most, 0.0);
        return best;
    }

    const Table& table_;
    const BoostingOptions& options_;
    std::mt19937_64 random_;
    std::size_t groups_ = 0;
    std::vector<std::vector<float>> edges_;
    std::vector<unsigned char> binned_;  // features × rows
    std::vector<double> score_, gradient_, curvature_;
    TrainedForest forest_;
};

}  // namespace

TrainedForest boost(const Table& table, const BoostingOptions& options) { return Booster(table, options).run(); }

}  // namespace fedsleuth::evaluation
