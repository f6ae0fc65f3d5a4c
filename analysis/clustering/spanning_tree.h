// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace fedsleuth::analysis {

/// Distance of each point to its `min_samples`-th nearest neighbour, the point itself not counted; to the furthest
/// point where there are fewer neighbours (Campello, Moulavi, Sander 2013, definition 5, with k = min_samples + 1).
[[nodiscard]] std::vector<double> core_distances(std::span<const double> distances, std::size_t n,
                                                 std::size_t min_samples);

struct TreeEdge {
    std::size_t from;
    std::size_t to;
    double weight;
    bool operator==(const TreeEdge&) const = default;
};

/// n − 1 edges of a minimum spanning tree under mutual reachability max(core_a, core_b, d_ab), in ascending order of
/// weight. Prim's algorithm from point 0 in O(n²); among equally near points the lowest index comes first. Every edge
/// runs from the point that was added before to the new one (its weight is that of the true edge), which leaves the
/// single-linkage hierarchy as it is; equal weights stay in the order in which Prim found them.
[[nodiscard]] std::vector<TreeEdge> spanning_tree(std::span<const double> distances, std::span<const double> core);

/// The same edges, ties included, for n points of d coordinates under the Euclidean distance, without the matrix: in
/// about n·log n where d is small. Needs finite coordinates, and n < 2³².
[[nodiscard]] std::vector<TreeEdge> spanning_tree_of_points(std::span<const double> rows, std::size_t n, std::size_t d,
                                                            std::size_t min_samples);

/// By ascending weight; equal ones stay in their order.
void sort_edges(std::vector<TreeEdge>& edges);

/// One merge of the single-linkage hierarchy. Nodes 0 … n − 1 are the points, n + k is what merge k made.
struct Merge {
    std::size_t left;
    std::size_t right;
    double distance;
    std::size_t size;  ///< points below
};

/// The hierarchy of n points that ascending edges describe: n − 1 merges, the last one is the root.
[[nodiscard]] std::vector<Merge> single_linkage(std::span<const TreeEdge> edges);

}  // namespace fedsleuth::analysis
