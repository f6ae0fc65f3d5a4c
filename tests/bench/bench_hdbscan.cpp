// SPDX-License-Identifier: GPL-3.0-or-later
// HDBSCAN of a distance matrix against the textbook's way to the same hierarchy alone: the mutual reachability of all
// pairs, sorted, and Kruskal's algorithm on them (O(n² log n) time).
#include "analysis/clustering/distances.h"
#include "analysis/clustering/hdbscan.h"
#include "bench/bench.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <string>
#include <vector>

using namespace fedsleuth;

namespace {

/// Five groups.
std::vector<double> points(std::size_t n, std::size_t d)
{
    std::mt19937 random(1);
    std::normal_distribution<double> normal;
    std::vector<double> rows(n * d);
    for (std::size_t k = 0; k < rows.size(); ++k) rows[k] = normal(random) + 5.0 * static_cast<double>(k / d % 5);
    return rows;
}

struct Pair {
    double weight;
    std::uint32_t from;
    std::uint32_t to;
};

/// Merge distances, ascending.
std::vector<double> kruskal(const std::vector<double>& distances, std::size_t n, std::size_t min_samples)
{
    std::vector<double> core(n);
    for (std::size_t i = 0; i < n; ++i) {
        std::vector<double> row(distances.begin() + static_cast<std::ptrdiff_t>(i * n),
                                distances.begin() + static_cast<std::ptrdiff_t>((i + 1) * n));
        std::sort(row.begin(), row.end());
        core[i] = row[min_samples];
    }
    std::vector<Pair> pairs;
    pairs.reserve(n * (n - 1) / 2);
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = i + 1; j < n; ++j)
            pairs.push_back({std::max({core[i], core[j], distances[i * n + j]}), static_cast<std::uint32_t>(i),
                             static_cast<std::uint32_t>(j)});
    std::sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) { return a.weight < b.weight; });
    std::vector<std::size_t> above(n);
    std::iota(above.begin(), above.end(), std::size_t{0});
    const auto top = [&](std::size_t node) {
        while (above[node] != node) node = above[node] = above[above[node]];
        return node;
    };
    std::vector<double> merges;
    for (const Pair& pair : pairs) {
        const std::size_t a = top(pair.from);
        const std::size_t b = top(pair.to);
        if (a == b) continue;
        above[a] = b;
        merges.push_back(pair.weight);
    }
    return merges;
}

}  // namespace

int main()
{
    int wrong = 0;
    for (const std::size_t n : {200, 1000, 3000}) {
        const std::vector<double> distances = analysis::euclidean_distances(points(n, 4), n, 4);
        analysis::HdbscanOptions options;
        options.min_cluster_size = 10;
        std::vector<double> ours;
        std::vector<double> theirs;
        bench::compare(
            "hdbscan, n = " + std::to_string(n), "Kruskal on all pairs (tree only)", 5,
            [&] { ours = analysis::hdbscan(distances, n, options)->merge_distances; },
            [&] { theirs = kruskal(distances, n, 10); });
        wrong += ours == theirs ? 0 : 1;
    }
    analysis::HdbscanOptions options;
    options.min_cluster_size = 10;
    const std::vector<double> matrix = analysis::euclidean_distances(points(1000, 4), 1000, 4);
    const std::vector<double> flat = points(5000, 2), deep = points(2000, 64);
    bench::within(
        "hdbscan, n = 1,000 precomputed", 15, [&] { wrong += !analysis::hdbscan(matrix, 1000, options); }, 10);
    bench::within(
        "hdbscan, 5,000 points in 2-D", 15, [&] { wrong += !analysis::hdbscan_points(flat, 5000, 2, options); }, 50);
    bench::within(
        "hdbscan, 2,000 points in 64-D", 15, [&] { wrong += !analysis::hdbscan_points(deep, 2000, 64, options); }, 60);
    return wrong;
}
