// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/verdict/forest.h"

#include <cmath>

namespace fedsleuth::analysis {

double margin(const Forest& forest, std::span<const double> features)
{
    const std::size_t leaf_count = std::size_t{1} << forest.depth;
    const std::size_t trees = forest.leaves.size() / leaf_count;
    double sum = forest.base;
    for (std::size_t tree = 0; tree < trees; ++tree) {
        std::size_t leaf = 0;
        for (std::size_t level = 0; level < forest.depth; ++level) {
            const Split& split = forest.splits[tree * forest.depth + level];
            const auto feature = static_cast<std::size_t>(split.feature);
            if (feature < features.size() && features[feature] > static_cast<double>(split.threshold))
                leaf |= std::size_t{1} << level;
        }
        sum += static_cast<double>(forest.leaves[tree * leaf_count + leaf]);
    }
    return sum;
}

double logistic(double log_odds) { return 1 / (1 + std::exp(-log_odds)); }

}  // namespace fedsleuth::analysis
