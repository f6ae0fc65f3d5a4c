// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/subset_search.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace fedsleuth::analysis {
namespace {

/// Can all pairs further apart than a limit be broken up by removing a few points? (Vertex cover by branching on the
/// point with most conflicts: it goes, or all its opponents go.)
class Cover {
public:
    Cover(std::span<const double> distances, std::size_t n, std::size_t node_limit)
        : distances_(distances), n_(n), node_limit_(node_limit)
    {
    }

    /// `alive`: the points that count; at most `budget` of them may go, none of the `fixed` ones.
    [[nodiscard]] bool possible(double limit, std::vector<char> alive, const std::vector<char>& fixed,
                                std::size_t budget)
    {
        return branch(limit, alive, fixed, budget);
    }
    [[nodiscard]] bool gave_up() const { return nodes_ > node_limit_; }

private:
    [[nodiscard]] bool conflict(double limit, std::size_t a, std::size_t b) const
    {
        return a != b && distances_[a * n_ + b] > limit;
    }

    bool branch(double limit, std::vector<char>& alive, const std::vector<char>& fixed, std::size_t budget)
    {
        if (++nodes_ > node_limit_) return false;
        std::size_t worst = n_;
        std::size_t most = 0;
        std::size_t pairs = 0;
        for (std::size_t point = 0; point < n_; ++point) {
            if (!alive[point]) continue;
            std::size_t conflicts = 0;
            for (std::size_t other = 0; other < n_; ++other)
                conflicts += alive[other] && conflict(limit, point, other) ? 1 : 0;
            pairs += conflicts;
            if (conflicts > most) {
                most = conflicts;
                worst = point;
            }
        }
        if (most == 0) return true;
        if (pairs / 2 > most * budget) return false;  // no point breaks up more than `most` of them
        if (!fixed[worst] && budget > 0) {
            alive[worst] = 0;
            const bool found = branch(limit, alive, fixed, budget - 1);
            alive[worst] = 1;
            if (found) return true;
        }
        if (most > budget) return false;
        std::vector<std::size_t> removed;
        bool allowed = true;
        for (std::size_t other = 0; other < n_ && allowed; ++other)
            if (alive[other] && conflict(limit, worst, other)) {
                allowed = !fixed[other];
                removed.push_back(other);
            }
        if (!allowed) return false;
        for (const std::size_t other : removed) alive[other] = 0;
        const bool found = branch(limit, alive, fixed, budget - removed.size());
        for (const std::size_t other : removed) alive[other] = 1;
        return found;
    }

    std::span<const double> distances_;
    std::size_t n_;
    std::size_t node_limit_;
    std::size_t nodes_ = 0;
};

double diameter_of(std::span<const double> distances, std::size_t n, const std::vector<std::size_t>& members)
{
    double largest = 0;
    for (const std::size_t a : members)
        for (const std::size_t b : members) largest = std::max(largest, distances[a * n + b]);
    return largest;
}

Subset tightest_neighbourhood(std::span<const double> distances, std::size_t n, std::size_t keep)
{
    Subset best;
    best.exact = false;
    double least = std::numeric_limits<double>::infinity();
    std::vector<std::size_t> order(n);
    for (std::size_t centre = 0; centre < n; ++centre) {
        const double* row = distances.data() + centre * n;
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::nth_element(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(keep - 1), order.end(),
                         [&](std::size_t a, std::size_t b) { return row[a] != row[b] ? row[a] < row[b] : a < b; });
        if (row[order[keep - 1]] >= least) continue;
        least = row[order[keep - 1]];
        best.members.assign(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(keep));
    }
    std::sort(best.members.begin(), best.members.end());
    best.diameter = diameter_of(distances, n, best.members);
    return best;
}

}  // namespace

Subset least_diameter(std::span<const double> distances, std::size_t n, std::size_t keep, std::size_t node_limit)
{
    Subset greedy = tightest_neighbourhood(distances, n, keep);
    std::vector<double> limits{0.0};
    for (std::size_t a = 0; a < n; ++a)
        for (std::size_t b = a + 1; b < n; ++b)
            if (distances[a * n + b] <= greedy.diameter) limits.push_back(distances[a * n + b]);
    std::sort(limits.begin(), limits.end());
    limits.erase(std::unique(limits.begin(), limits.end()), limits.end());

    Cover cover(distances, n, node_limit);
    const std::vector<char> all(n, 1);
    const std::vector<char> none(n, 0);
    std::size_t low = 0;
    std::size_t high = limits.size() - 1;  // the greedy subset shows that this one is possible
    while (low < high && !cover.gave_up()) {
        const std::size_t middle = (low + high) / 2;
        if (cover.possible(limits[middle], all, none, n - keep))
            high = middle;
        else
            low = middle + 1;
    }
    // The lexicographically first: each point in turn stays if a solution with it and the ones before remains.
    std::vector<char> alive = all;
    std::vector<char> fixed = none;
    std::size_t budget = n - keep;
    for (std::size_t point = 0; point < n && budget > 0 && !cover.gave_up(); ++point) {
        fixed[point] = 1;
        if (cover.possible(limits[high], alive, fixed, budget)) continue;
        fixed[point] = alive[point] = 0;
        --budget;
    }
    if (cover.gave_up()) return greedy;
    Subset result;
    for (std::size_t point = 0; point < n && result.members.size() < keep; ++point)
        if (alive[point]) result.members.push_back(point);
    result.diameter = diameter_of(distances, n, result.members);
    return result;
}

}  // namespace fedsleuth::analysis
