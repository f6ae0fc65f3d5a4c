// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/clustering/spanning_tree.h"

#include <cstddef>
#include <span>
#include <vector>

namespace fedsleuth::analysis {

/// One row of the condensed tree: `child` leaves `parent` at density `lambda`.
struct CondensedRow {
    std::size_t parent;  ///< a cluster
    std::size_t child;   ///< a point where below n, else a cluster
    double lambda;       ///< 1 / distance; infinite where points coincide
    std::size_t size;    ///< points below the child
};

/// The hierarchy without the splits that lose fewer than min_cluster_size points (McInnes & Healy 2017, section 2.3).
/// Clusters are numbered from n, the root, in the order of a breadth-first walk: a child's number is larger than its
/// parent's.
struct CondensedTree {
    std::size_t points = 0;
    std::size_t clusters = 0;
    std::vector<CondensedRow> rows;  ///< those of a parent after the one that makes it a child

    [[nodiscard]] std::size_t root() const { return points; }
    /// Where cluster `node` stands in a vector with one entry a cluster.
    [[nodiscard]] std::size_t index(std::size_t node) const { return node - points; }
    [[nodiscard]] bool is_cluster(std::size_t node) const { return node >= points; }
};

[[nodiscard]] CondensedTree condense(std::span<const Merge> merges, std::size_t min_cluster_size);

/// λ at which each cluster comes into being; 0 for the root.
[[nodiscard]] std::vector<double> births(const CondensedTree& tree);

/// Largest λ at which something leaves each cluster itself (its sub-clusters' own members not counted).
[[nodiscard]] std::vector<double> deaths(const CondensedTree& tree);

/// Σ (λ_leave − λ_birth) · size over what leaves each cluster (excess of mass; Campello et al. 2013, section 4). Points
/// that coincide leave at infinite λ; a cluster that also came into being there has stability 0.
[[nodiscard]] std::vector<double> stabilities(const CondensedTree& tree);

/// GLOSH outlier score of each point, in [0, 1] (Campello, Moulavi, Zimek, Sander 2015): 1 − λ_point / λ_max, λ_max the
/// largest λ in the subtree of the cluster that the point left. As hdbscan 0.8.41 and later; where λ_max is infinite,
/// the score of a point with finite λ is the limit, 1.
[[nodiscard]] std::vector<double> glosh(const CondensedTree& tree);

}  // namespace fedsleuth::analysis
