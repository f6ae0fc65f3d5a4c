// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace fedsleuth::analysis {

// The two clusterings that SignGuard's implementations use, for n points of three float32 features (row-major). Both
// answer with a label for each point, −1 for none.

/// Mean shift as scikit-learn has it with estimate_bandwidth(quantile = 0.5, n_samples = 50), bin_seeding and
/// cluster_all = False: flat kernel, seeds on a grid as wide as the bandwidth; clusters are numbered by how many points
/// their centre drew in. (Comaniciu, Meer, Mean Shift: A Robust Approach Toward Feature Space Analysis, PAMI 2002.)
[[nodiscard]] std::vector<int> mean_shift(std::span<const float> points, std::size_t n);

/// DBSCAN (Ester, Kriegel, Sander, Xu, KDD 1996): a point with at least `min_samples` points within `eps`, itself
/// counted, is a core; clusters are numbered in the order of their first core.
[[nodiscard]] std::vector<int> dbscan(std::span<const float> points, std::size_t n, double eps,
                                      std::size_t min_samples);

}  // namespace fedsleuth::analysis
