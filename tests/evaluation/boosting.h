// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/verdict/forest.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace fedsleuth::evaluation {

/// Rows to learn from. Rows of one group (a federation) are drawn together, or not at all.
struct Table {
    std::size_t features = 0;
    std::vector<float> values;  ///< rows × features, row-major
    std::vector<float> label;   ///< 0 or 1
    std::vector<float> weight;
    std::vector<std::size_t> group;

    [[nodiscard]] std::size_t rows() const { return label.size(); }
};

struct BoostingOptions {
    std::size_t trees = 300;
    std::size_t depth = 4;  ///< at most 8
    double rate = 0.08;
    double l2 = 8;           ///< on a leaf, in units of Σ p(1 − p)
    double rows = 0.6;       ///< share of the groups that each tree sees
    double columns = 0.25;   ///< share of the features
    std::size_t bins = 128;  ///< equally filled, at most 256: those who stand out are few, and lie in the last ones
    std::uint64_t seed = 1;
};

/// A forest that owns its numbers.
struct TrainedForest {
    std::size_t depth = 0;
    double base = 0;
    std::vector<analysis::Split> splits;
    std::vector<float> leaves;
    std::vector<double> gain;  ///< features: total reduction of the loss

    [[nodiscard]] analysis::Forest view() const { return {depth, base, splits, leaves}; }
};

/// Gradient boosting of the logistic loss with oblivious trees (Friedman 2001; Prokhorenkova et al. 2018): second-order
/// leaves, histograms over quantile bins, groups and features drawn anew for each tree.
[[nodiscard]] TrainedForest boost(const Table& table, const BoostingOptions& options);

}  // namespace fedsleuth::evaluation
