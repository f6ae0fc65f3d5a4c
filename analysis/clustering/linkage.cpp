// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/clustering/hdbscan.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace fedsleuth::analysis {
namespace {

/// Two clusters, each named by its lowest member, and the mean distance between their points.
struct Join {
    std::size_t kept;
    std::size_t gone;
    double height;
};

/// Average linkage by the nearest-neighbour chain (Murtagh 1983) in O(n²). Among equally near clusters the previous
/// link of the chain comes first, then the lowest index.
std::vector<Join> average_linkage(std::vector<double> distances, std::size_t n)
{
    std::vector<std::size_t> size(n, 1);
    std::vector<std::size_t> chain;
    std::vector<Join> joins;
    const auto at = [&](std::size_t a, std::size_t b) -> double& { return distances[a * n + b]; };
    while (joins.size() + 1 < n) {
        if (chain.empty())
            chain.push_back(static_cast<std::size_t>(
                std::find_if(size.begin(), size.end(), [](std::size_t count) { return count != 0; }) - size.begin()));
        const std::size_t tip = chain.back();
        const std::size_t before = chain.size() > 1 ? chain[chain.size() - 2] : n;
        std::size_t nearest = before;
        for (std::size_t other = 0; other < n; ++other)
            if (size[other] != 0 && other != tip && (nearest == n || at(tip, other) < at(tip, nearest)))
                nearest = other;
        if (nearest != before) {
            chain.push_back(nearest);
            continue;
        }
        chain.resize(chain.size() - 2);
        const auto [kept, gone] = std::minmax(tip, before);
        joins.push_back({kept, gone, at(tip, before)});
        const auto kept_size = static_cast<double>(size[kept]);
        const auto gone_size = static_cast<double>(size[gone]);
        for (std::size_t other = 0; other < n; ++other) {
            if (size[other] == 0 || other == kept || other == gone) continue;
            at(kept, other) = at(other, kept) =
                (kept_size * at(kept, other) + gone_size * at(gone, other)) / (kept_size + gone_size);
        }
        size[kept] += size[gone];
        size[gone] = 0;
    }
    std::stable_sort(joins.begin(), joins.end(), [](const Join& a, const Join& b) { return a.height < b.height; });
    return joins;
}

}  // namespace

std::vector<std::size_t> linkage_order(std::span<const double> distances, std::size_t n)
{
    std::vector<std::vector<std::size_t>> leaves(n);
    for (std::size_t point = 0; point < n; ++point) leaves[point] = {point};
    std::vector<std::size_t> home(n);
    std::iota(home.begin(), home.end(), std::size_t{0});
    const auto end = distances.begin() + static_cast<std::ptrdiff_t>(n * n);
    for (const Join& join : average_linkage({distances.begin(), end}, n)) {
        // Heights that rounding put in another order than the joins leave a name pointing into a cluster by now joined.
        const auto top = [&](std::size_t name) {
            while (home[name] != name) name = home[name];
            return name;
        };
        const std::size_t kept = top(join.kept);
        const std::size_t gone = top(join.gone);
        std::vector<std::size_t>& left = leaves[kept];
        std::vector<std::size_t>& right = leaves[gone];
        // Of the four ways to put two branches side by side, the one where the leaves that touch are nearest.
        const auto gap = [&](std::size_t a, std::size_t b) { return distances[a * n + b]; };
        const std::array<double, 4> gaps{gap(left.back(), right.front()), gap(left.back(), right.back()),
                                         gap(left.front(), right.front()), gap(left.front(), right.back())};
        const auto best = std::min_element(gaps.begin(), gaps.end()) - gaps.begin();
        if (best >= 2) std::reverse(left.begin(), left.end());
        if (best % 2 == 1) std::reverse(right.begin(), right.end());
        left.insert(left.end(), right.begin(), right.end());
        right.clear();
        home[gone] = kept;
    }
    if (n == 0) return {};
    return *std::find_if(leaves.begin(), leaves.end(), [](const auto& branch) { return !branch.empty(); });
}

}  // namespace fedsleuth::analysis
