// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/clustering/condensed_tree.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace fedsleuth::analysis {
namespace {

/// Nodes of the hierarchy at and below `top`, level by level.
std::vector<std::size_t> breadth_first(std::span<const Merge> merges, std::size_t top)
{
    const std::size_t points = merges.size() + 1;
    std::vector<std::size_t> nodes{top};
    for (std::size_t next = 0; next < nodes.size(); ++next) {
        if (nodes[next] < points) continue;
        const Merge& merge = merges[nodes[next] - points];
        nodes.push_back(merge.left);
        nodes.push_back(merge.right);
    }
    return nodes;
}

class Condenser {
public:
    Condenser(std::span<const Merge> merges, std::size_t min_cluster_size)
        : merges_(merges),
          min_cluster_size_(min_cluster_size),
          cluster_of_(2 * merges.size() + 1, 0),
          gone_(2 * merges.size() + 1, 0)
    {
        tree_.points = merges.size() + 1;
    }

    CondensedTree run()
    {
        const std::size_t top = 2 * merges_.size();
        cluster_of_[top] = new_cluster();
        for (const std::size_t node : breadth_first(merges_, top))
            if (node >= tree_.points && !gone_[node]) split(node);
        return std::move(tree_);
    }

private:
    std::size_t new_cluster() { return tree_.points + tree_.clusters++; }

    [[nodiscard]] std::size_t size_of(std::size_t node) const
    {
        return node < tree_.points ? 1 : merges_[node - tree_.points].size;
    }

    void split(std::size_t node)
    {
        const Merge& merge = merges_[node - tree_.points];
        const double lambda = merge.distance > 0.0 ? 1.0 / merge.distance : std::numeric_limits<double>::infinity();
        const std::size_t parent = cluster_of_[node];
        const bool left_stays = size_of(merge.left) >= min_cluster_size_;
        const bool right_stays = size_of(merge.right) >= min_cluster_size_;
        if (left_stays && right_stays) {
            for (const std::size_t child : {merge.left, merge.right}) {
                cluster_of_[child] = new_cluster();
                tree_.rows.push_back({parent, cluster_of_[child], lambda, size_of(child)});
            }
            return;
        }
        keep_or_drop(merge.left, left_stays, parent, lambda);
        keep_or_drop(merge.right, right_stays, parent, lambda);
    }

    /// A side that is large enough goes on as the same cluster; the points of the other fall out of it.
    void keep_or_drop(std::size_t child, bool stays, std::size_t parent, double lambda)
    {
        if (stays) {
            cluster_of_[child] = parent;
            return;
        }
        for (const std::size_t node : breadth_first(merges_, child)) {
            gone_[node] = 1;
            if (node < tree_.points) tree_.rows.push_back({parent, node, lambda, 1});
        }
    }

    std::span<const Merge> merges_;
    std::size_t min_cluster_size_;
    std::vector<std::size_t> cluster_of_;
    std::vector<char> gone_;
    CondensedTree tree_;
};

}  // namespace

CondensedTree condense(std::span<const Merge> merges, std::size_t min_cluster_size)
{
    return Condenser(merges, min_cluster_size).run();
}

std::vector<double> births(const CondensedTree& tree)
{
    std::vector<double> lambdas(tree.clusters, 0.0);
    for (const CondensedRow& row : tree.rows)
        if (tree.is_cluster(row.child)) lambdas[tree.index(row.child)] = row.lambda;
    return lambdas;
}

std::vector<double> deaths(const CondensedTree& tree)
{
    std::vector<double> lambdas(tree.clusters, 0.0);
    for (const CondensedRow& row : tree.rows) {
        double& largest = lambdas[tree.index(row.parent)];
        largest = std::max(largest, row.lambda);
    }
    return lambdas;
}

std::vector<double> stabilities(const CondensedTree& tree)
{
    const std::vector<double> born = births(tree);
    std::vector<double> sums(tree.clusters, 0.0);
    for (const CondensedRow& row : tree.rows) {
        const double birth = born[tree.index(row.parent)];
        if (row.lambda != birth) sums[tree.index(row.parent)] += (row.lambda - birth) * static_cast<double>(row.size);
    }
    return sums;
}

std::vector<double> glosh(const CondensedTree& tree)
{
    std::vector<double> largest = deaths(tree);
    // Rows of a cluster come after the row that makes it a child: backwards, sub-clusters are complete first.
    for (auto row = tree.rows.rbegin(); row != tree.rows.rend(); ++row) {
        if (!tree.is_cluster(row->child)) continue;
        double& above = largest[tree.index(row->parent)];
        above = std::max(above, largest[tree.index(row->child)]);
    }
    std::vector<double> scores(tree.points, 0.0);
    for (const CondensedRow& row : tree.rows) {
        if (tree.is_cluster(row.child)) continue;
        const double lambda_max = largest[tree.index(row.parent)];
        if (lambda_max == 0.0 || std::isinf(row.lambda)) continue;
        scores[row.child] = std::isinf(lambda_max) ? 1.0 : (lambda_max - row.lambda) / lambda_max;
    }
    return scores;
}

}  // namespace fedsleuth::analysis
