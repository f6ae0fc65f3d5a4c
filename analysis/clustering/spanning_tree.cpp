// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/clustering/spanning_tree.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace fedsleuth::analysis {

std::vector<double> core_distances(std::span<const double> distances, std::size_t n, std::size_t min_samples)
{
    std::vector<double> core(n, 0.0);
    if (n < 2) return core;
    std::vector<double> row(n - 1);
    const auto nth = static_cast<std::ptrdiff_t>(std::clamp<std::size_t>(min_samples, 1, n - 1) - 1);
    for (std::size_t point = 0; point < n; ++point) {
        const double* from = distances.data() + point * n;
        std::copy(from, from + point, row.begin());
        std::copy(from + point + 1, from + n, row.begin() + static_cast<std::ptrdiff_t>(point));
        std::nth_element(row.begin(), row.begin() + nth, row.end());
        core[point] = row[static_cast<std::size_t>(nth)];
    }
    return core;
}

std::vector<TreeEdge> spanning_tree(std::span<const double> distances, std::span<const double> core)
{
    const std::size_t n = core.size();
    std::vector<TreeEdge> edges;
    if (n < 2) return edges;
    edges.reserve(n - 1);
    // Points not yet in the tree, in ascending order, and beside each its distance to the tree.
    std::vector<std::size_t> outside(n - 1);
    std::iota(outside.begin(), outside.end(), std::size_t{1});
    std::vector<double> reach(n - 1, std::numeric_limits<double>::infinity());
    std::size_t newest = 0;
    while (!outside.empty()) {
        const double* row = distances.data() + newest * n;
        const double newest_core = core[newest];
        std::size_t nearest = 0;
        for (std::size_t k = 0; k < outside.size(); ++k) {
            const std::size_t point = outside[k];
            reach[k] = std::min(reach[k], std::max({newest_core, core[point], row[point]}));
            if (reach[k] < reach[nearest]) nearest = k;
        }
        edges.push_back({newest, outside[nearest], reach[nearest]});
        newest = outside[nearest];
        outside.erase(outside.begin() + static_cast<std::ptrdiff_t>(nearest));
        reach.erase(reach.begin() + static_cast<std::ptrdiff_t>(nearest));
    }
    std::stable_sort(edges.begin(), edges.end(),
                     [](const TreeEdge& a, const TreeEdge& b) { return a.weight < b.weight; });
    return edges;
}

std::vector<Merge> single_linkage(std::span<const TreeEdge> edges)
{
    const std::size_t n = edges.size() + 1;
    std::vector<std::size_t> above(2 * n - 1);
    std::iota(above.begin(), above.end(), std::size_t{0});
    std::vector<std::size_t> size(2 * n - 1, 1);
    const auto top = [&](std::size_t node) {
        while (above[node] != node) node = above[node] = above[above[node]];
        return node;
    };
    std::vector<Merge> merges;
    merges.reserve(edges.size());
    for (const TreeEdge& edge : edges) {
        const std::size_t left = top(edge.from);
        const std::size_t right = top(edge.to);
        const std::size_t node = n + merges.size();
        above[left] = above[right] = node;
        size[node] = size[left] + size[right];
        merges.push_back({left, right, edge.weight, size[node]});
    }
    return merges;
}

}  // namespace fedsleuth::analysis
