// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>

namespace fedsleuth::analysis {

/// One question of a tree: is feature > threshold?
struct Split {
    int feature = 0;
    float threshold = 0;
};

/// Boosted oblivious trees (Prokhorenkova et al. 2018, CatBoost): every level of a tree asks all branches the same
/// question, so a tree is `depth` splits and 2^depth leaves. The answer is base + Σ leaves: a log-odds.
struct Forest {
    std::size_t depth = 0;
    double base = 0;
    std::span<const Split> splits;  ///< trees × depth
    std::span<const float> leaves;  ///< trees × 2^depth; bit k of a leaf's index answers split k
};

[[nodiscard]] double margin(const Forest& forest, std::span<const double> features);

[[nodiscard]] double logistic(double log_odds);

}  // namespace fedsleuth::analysis
