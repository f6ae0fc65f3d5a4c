// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/clustering/spanning_tree.h"

#include "analysis/clustering/point_tree.h"
#include "analysis/kernels/distance_kernel.h"
#include "analysis/kernels/parallel.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <queue>

namespace fedsleuth::analysis {

namespace {

/// The k-th smallest (k ≥ 1) of the row without the entry at `self`. `smallest` is scratch.
double kth_smallest(std::span<const double> row, std::size_t self, std::size_t k, std::vector<double>& smallest)
{
    constexpr std::size_t few = 64;  // up to which sorting new ones in beats a selection among all
    if (k > few) {
        smallest.assign(row.begin(), row.end());
        smallest.erase(smallest.begin() + static_cast<std::ptrdiff_t>(self));
        const auto nth = smallest.begin() + static_cast<std::ptrdiff_t>(k - 1);
        std::nth_element(smallest.begin(), nth, smallest.end());
        return *nth;
    }
    smallest.assign(k, std::numeric_limits<double>::infinity());
    for (std::size_t point = 0; point < row.size(); ++point) {
        const double value = row[point];
        if (value >= smallest[k - 1] || point == self) continue;
        std::size_t place = k - 1;
        for (; place > 0 && smallest[place - 1] > value; --place) smallest[place] = smallest[place - 1];
        smallest[place] = value;
    }
    return smallest[k - 1];
}

}  // namespace

std::vector<double> core_distances(std::span<const double> distances, std::size_t n, std::size_t min_samples)
{
    std::vector<double> core(n, 0.0);
    if (n < 2) return core;
    const std::size_t k = std::clamp<std::size_t>(min_samples, 1, n - 1);
    constexpr std::size_t band = 128;  // points that a thread takes
    parallel_for((n + band - 1) / band, n < 500 ? 1 : hardware_threads(), [&](std::size_t band_idx) {
        std::vector<double> smallest;
        for (std::size_t point = band_idx * band; point < std::min(n, (band_idx + 1) * band); ++point)
            core[point] = kth_smallest(distances.subspan(point * n, n), point, k, smallest);
    });
    return core;
}

void sort_edges(std::vector<TreeEdge>& edges)
{
    std::stable_sort(edges.begin(), edges.end(),
                     [](const TreeEdge& a, const TreeEdge& b) { return a.weight < b.weight; });
}

std::vector<TreeEdge> spanning_tree(std::span<const double> distances, std::span<const double> core)
{
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const std::size_t n = core.size();
    std::vector<TreeEdge> edges;
    if (n < 2) return edges;
    edges.reserve(n - 1);
    // Each point's distance to the tree. Points of the tree have an infinite one, and an infinite core distance, so
    // that it stays so: the loop has no exceptions.
    std::vector<double> reach(n, infinity);
    std::vector<double> outside_core(core.begin(), core.end());
    const DistanceKernel& kernel = distance_kernels().front();
    std::size_t newest = 0;
    outside_core[0] = infinity;
    while (edges.size() + 1 < n) {
        const double least =
            kernel.relax(distances.data() + newest * n, outside_core.data(), core[newest], reach.data(), n);
        const auto nearest = static_cast<std::size_t>(std::find(reach.begin(), reach.end(), least) - reach.begin());
        edges.push_back({newest, nearest, least});
        reach[nearest] = outside_core[nearest] = infinity;
        newest = nearest;
    }
    sort_edges(edges);
    return edges;
}

std::vector<TreeEdge> spanning_tree_of_points(std::span<const double> rows, std::size_t n, std::size_t d,
                                              std::size_t min_samples)
{
    // Prim's algorithm as above. Each point of the tree has a list of the nearest points that were outside when it was
    // made; the heap holds the first of each list that may still be outside, and its top is who comes next.
    constexpr std::size_t list_size = 8;
    struct List {
        std::vector<PointTree::Candidate> candidates;
        std::size_t next = 0;
        bool complete = false;  ///< there was nobody else outside
    };
    struct Offer {
        PointTree::Candidate to;
        std::uint32_t from;
        bool operator<(const Offer& other) const { return other.to < to; }  // the heap's top is the smallest
    };
    std::vector<TreeEdge> edges;
    if (n < 2) return edges;
    edges.reserve(n - 1);
    PointTree tree(rows, n, d);
    tree.set_core(tree.core_distances(min_samples));
    std::vector<char> inside(n, 0);
    std::vector<List> lists(n);
    std::priority_queue<Offer> offers;
    const auto offer_from = [&](std::uint32_t point) {
        List& list = lists[point];
        while (list.next < list.candidates.size() && inside[list.candidates[list.next].point] != 0) ++list.next;
        if (list.next == list.candidates.size()) {
            if (list.complete) return;
            tree.nearest(point, list_size, list.candidates);
            list.next = 0;
            list.complete = list.candidates.size() < list_size;
            if (list.candidates.empty()) return;
        }
        offers.push({list.candidates[list.next], point});
    };
    std::uint32_t newest = 0;
    inside[0] = 1;
    tree.remove(0);
    offer_from(0);
    while (edges.size() + 1 < n) {
        const Offer best = offers.top();
        if (inside[best.to.point] != 0) {
            offers.pop();
            offer_from(best.from);
            continue;
        }
        edges.push_back({newest, best.to.point, best.to.reach});
        newest = best.to.point;
        inside[newest] = 1;
        tree.remove(newest);
        offer_from(newest);
    }
    sort_edges(edges);
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
