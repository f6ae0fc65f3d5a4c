// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/clustering/cluster_selection.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace fedsleuth::analysis {
namespace {

/// The clusters alone, by index (0 is the root): the condensed tree without its points.
struct ClusterTree {
    std::vector<std::size_t> parent;  ///< of the root: itself
    std::vector<std::vector<std::size_t>> children;
    std::vector<double> birth_distance;  ///< 1 / λ; infinite for the root

    explicit ClusterTree(const CondensedTree& tree)
        : parent(tree.clusters, 0),
          children(tree.clusters),
          birth_distance(tree.clusters, std::numeric_limits<double>::infinity())
    {
        for (const CondensedRow& row : tree.rows) {
            if (!tree.is_cluster(row.child)) continue;
            const std::size_t child = tree.index(row.child);
            parent[child] = tree.index(row.parent);
            children[parent[child]].push_back(child);
            birth_distance[child] = 1.0 / row.lambda;
        }
    }
    [[nodiscard]] std::size_t size() const { return parent.size(); }

    /// Marks everything below `top`.
    void mark_below(std::size_t top, std::vector<char>& marks, char mark) const
    {
        std::vector<std::size_t> waiting = children[top];
        while (!waiting.empty()) {
            const std::size_t node = waiting.back();
            waiting.pop_back();
            marks[node] = mark;
            waiting.insert(waiting.end(), children[node].begin(), children[node].end());
        }
    }
};

/// `mass` holds the stabilities, and takes the larger sum where the clusters below are preferred.
std::vector<char> excess_of_mass(const ClusterTree& tree, std::vector<double>& mass, bool with_root)
{
    std::vector<char> chosen(tree.size(), 1);
    for (std::size_t node = tree.size(); node-- > 0;) {
        if (node == 0 && !with_root) {
            chosen[0] = 0;
            break;
        }
        double sum = 0;
        for (const std::size_t child : tree.children[node]) sum += mass[child];
        // The reference implementation holds this sum in a C float; without the rounding near-ties fall otherwise.
        const auto below = static_cast<double>(static_cast<float>(sum));
        if (below > mass[node]) {
            chosen[node] = 0;
            mass[node] = below;
        } else {
            tree.mark_below(node, chosen, 0);
        }
    }
    return chosen;
}

std::vector<char> leaves(const ClusterTree& tree)
{
    std::vector<char> chosen(tree.size(), 0);
    for (std::size_t node = 1; node < tree.size(); ++node) chosen[node] = tree.children[node].empty();
    return chosen;
}

/// The nearest cluster at or above `node` that came into being at more than epsilon; the one below the root where the
/// root itself must not be a cluster.
std::size_t ancestor_beyond(const ClusterTree& tree, std::size_t node, double epsilon, bool with_root)
{
    while (true) {
        const std::size_t above = tree.parent[node];
        if (above == 0) return with_root ? above : node;
        if (tree.birth_distance[above] > epsilon) return above;
        node = above;
    }
}

std::vector<char> merged_within(const ClusterTree& tree, const std::vector<char>& chosen, double epsilon,
                                bool with_root)
{
    std::vector<char> merged(tree.size(), 0);
    std::vector<char> done(tree.size(), 0);
    for (std::size_t node = 1; node < tree.size(); ++node) {
        if (!chosen[node] || done[node]) continue;
        if (tree.birth_distance[node] >= epsilon) {
            merged[node] = 1;
            continue;
        }
        const std::size_t larger = ancestor_beyond(tree, node, epsilon, with_root);
        merged[larger] = 1;
        tree.mark_below(larger, done, 1);
    }
    return merged;
}

}  // namespace

ClusterSelection select_clusters(const CondensedTree& condensed, std::vector<double> stability,
                                 const HdbscanOptions& options)
{
    const ClusterTree tree(condensed);
    const bool with_root = options.allow_single_cluster;
    ClusterSelection selection{{}, std::move(stability)};
    std::vector<char> chosen = options.selection == HdbscanOptions::Selection::leaf
                                   ? leaves(tree)
                                   : excess_of_mass(tree, selection.mass, with_root);
    // A root that is the answer already cannot be merged further.
    if (options.epsilon > 0.0 && !chosen[0]) chosen = merged_within(tree, chosen, options.epsilon, with_root);
    for (std::size_t node = 0; node < tree.size(); ++node)
        if (chosen[node]) selection.clusters.push_back(condensed.points + node);
    return selection;
}

}  // namespace fedsleuth::analysis
