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

    /// What one row of the draw brings to a histogram.
    struct Pull {
        float gradient = 0, curvature = 0;
    };
    struct Sum {
        double gradient = 0, curvature = 0;

        void add(const Pull& pull)
        {
            gradient += static_cast<double>(pull.gradient);
            curvature += static_cast<double>(pull.curvature);
        }
        void add(const Sum& sum)
        {
            gradient += sum.gradient;
            curvature += sum.curvature;
        }
    };

    void grow()
    {
        const std::size_t rows = table_.rows();
        std::vector<char> drawn(groups_);
        for (char& group : drawn) group = uniform() < options_.rows;
        used_.clear();
        pulls_.clear();
        for (std::size_t row = 0; row < rows; ++row) {
            if (!drawn[table_.group[row]]) continue;
            const double p = analysis::logistic(score_[row]);
            const auto weight = static_cast<double>(table_.weight[row]);
            used_.push_back(static_cast<std::uint32_t>(row));
            pulls_.push_back({static_cast<float>(weight * (static_cast<double>(table_.label[row]) - p)),
                              static_cast<float>(weight * p * (1 - p))});
        }
        std::vector<std::size_t> features;
        for (std::size_t feature = 0; feature < table_.features; ++feature)
            if (!edges_[feature].empty() && uniform() < options_.columns) features.push_back(feature);
        if (features.empty() || used_.empty()) return;

        leaf_.assign(used_.size(), 0);
        std::vector<analysis::Split> splits;
        std::vector<std::pair<std::size_t, std::size_t>> chosen;
        for (std::size_t level = 0; level < options_.depth; ++level) {
            const auto [feature, bin] = best_split(features, std::size_t{1} << level);
            splits.push_back({static_cast<int>(feature), edges_[feature][bin]});
            chosen.emplace_back(feature, bin);
            const unsigned char* column = binned_.data() + feature * rows;
            for (std::size_t at = 0; at < used_.size(); ++at)
                if (column[used_[at]] > bin) leaf_[at] |= static_cast<unsigned char>(1u << level);
        }
        const std::size_t leaf_count = std::size_t{1} << options_.depth;
        std::vector<Sum> sums(leaf_count);
        for (std::size_t at = 0; at < used_.size(); ++at) sums[leaf_[at]].add(pulls_[at]);
        for (const Sum& sum : sums) {
            const double step = options_.rate * sum.gradient / (sum.curvature + options_.l2);
            // As the resource will hold it.
            forest_.leaves.push_back(static_cast<float>(std::round(step * 1e4) / 1e4));
        }
        forest_.splits.insert(forest_.splits.end(), splits.begin(), splits.end());
        const float* leaves = forest_.leaves.data() + forest_.leaves.size() - leaf_count;
        for (std::size_t row = 0; row < rows; ++row) {
            std::size_t leaf = 0;
            for (std::size_t level = 0; level < chosen.size(); ++level)
                if (binned_[chosen[level].first * rows + row] > chosen[level].second) leaf |= std::size_t{1} << level;
            score_[row] += static_cast<double>(leaves[leaf]);
        }
    }

    std::pair<std::size_t, std::size_t> best_split(const std::vector<std::size_t>& features, std::size_t leaves)
    {
        std::pair<std::size_t, std::size_t> best{features.front(), 0};
        double most = -1;
        for (const std::size_t feature : features) {
            const std::size_t bins = edges_[feature].size() + 1;
            std::vector<Sum> sums(leaves * bins);
            const unsigned char* column = binned_.data() + feature * table_.rows();
            for (std::size_t at = 0; at < used_.size(); ++at) sums[leaf_[at] * bins + column[used_[at]]].add(pulls_[at]);
            std::vector<double> gain(bins - 1, 0.0);
            for (std::size_t idx = 0; idx < leaves; ++idx) {
                Sum total, left;
                for (std::size_t bin = 0; bin < bins; ++bin) total.add(sums[idx * bins + bin]);
                const auto worth = [&](double gradient, double curvature) {
                    return gradient * gradient / (curvature + options_.l2);
                };
                const double whole = worth(total.gradient, total.curvature);
                for (std::size_t bin = 0; bin + 1 < bins; ++bin) {
                    left.add(sums[idx * bins + bin]);
                    gain[bin] += worth(left.gradient, left.curvature) +
                                 worth(total.gradient - left.gradient, total.curvature - left.curvature) - whole;
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
    std::vector<double> score_;
    // The draw of one tree: its rows, what they pull, and the leaf that each has come to.
    std::vector<std::uint32_t> used_;
    std::vector<Pull> pulls_;
    std::vector<unsigned char> leaf_;
    TrainedForest forest_;
};

}  // namespace

TrainedForest boost(const Table& table, const BoostingOptions& options) { return Booster(table, options).run(); }

}  // namespace fedsleuth::evaluation
