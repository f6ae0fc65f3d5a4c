// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/clustering/condensed_tree.h"
#include "analysis/clustering/hdbscan.h"

#include <cstddef>
#include <vector>

namespace fedsleuth::analysis {

struct ClusterSelection {
    std::vector<std::size_t> clusters;  ///< of the condensed tree, ascending
    /// One entry a cluster of the tree: its stability, or that of the best clusters below it where the excess of mass
    /// preferred those (an epsilon may still merge them, and persistence is then told of this figure).
    std::vector<double> mass;
};

/// The clusters that are answered: excess of mass or leaves, then cluster_selection_epsilon (Malzer & Baum 2020).
[[nodiscard]] ClusterSelection select_clusters(const CondensedTree& tree, std::vector<double> stability,
                                               const HdbscanOptions& options);

}  // namespace fedsleuth::analysis
