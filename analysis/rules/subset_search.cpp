// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/subset_search.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <numeric>

namespace fedsleuth::analysis {
namespace {

/// Of the points alive: the one with most conflicts among them, and all conflicts, counted from both ends.
struct Conflicts {
    std::size_t worst = 0;
    std::size_t most = 0;
    std::size_t ends = 0;
};

// Not under the thread sanitizer, whose runtime is not there yet when the loader asks which clone to take.
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__)
__attribute__((target_clones("popcnt", "default")))
#endif
Conflicts
count_conflicts(const std::uint64_t* conflicts, const std::uint64_t* alive, std::size_t n, std::size_t words)
{
    Conflicts found;
    for (std::size_t point = 0; point < n; ++point) {
        if ((alive[point / 64] >> point % 64 & 1U) == 0) continue;
        std::size_t count = 0;
        for (std::size_t word = 0; word < words; ++word)
            count += static_cast<std::size_t>(__builtin_popcountll(conflicts[point * words + word] & alive[word]));
        found.ends += count;
        if (count > found.most) {
            found.most = count;
            found.worst = point;
        }
    }
    return found;
}

/// Can all pairs further apart than a limit be broken up by removing a few points? (Vertex cover by branching on the
/// point with most conflicts: it goes, or all its opponents go.) Points are bits, 64 to a word.
class Cover {
public:
    using Points = std::vector<std::uint64_t>;

    Cover(std::span<const double> distances, std::size_t n, std::size_t node_limit)
        : distances_(distances), n_(n), words_((n + 63) / 64), node_limit_(node_limit), conflicts_(n * words_)
    {
    }

    [[nodiscard]] Points none() const { return Points(words_, 0); }
    static void put(Points& points, std::size_t point) { points[point / 64] |= std::uint64_t{1} << point % 64; }
    static void drop(Points& points, std::size_t point) { points[point / 64] &= ~(std::uint64_t{1} << point % 64); }
    [[nodiscard]] static bool holds(const Points& points, std::size_t point)
    {
        return (points[point / 64] >> point % 64 & 1U) != 0;
    }

    void set_limit(double limit)
    {
        for (std::size_t a = 0; a < n_; ++a)
            for (std::size_t word = 0; word < words_; ++word) {
                const std::size_t first = 64 * word;
                const std::size_t end = std::min(n_, first + 64);
                std::uint64_t bits = 0;
                for (std::size_t b = first; b < end; ++b)
                    bits |= static_cast<std::uint64_t>(distances_[a * n_ + b] > limit) << (b - first);
                conflicts_[a * words_ + word] = bits;  // the diagonal is 0 and in conflict with nothing
            }
    }
    /// `alive`: the points that count; at most `budget` of them may go, none of the `fixed` ones.
    [[nodiscard]] bool possible(Points alive, const Points& fixed, std::size_t budget)
    {
        return branch(alive, fixed, budget);
    }
    [[nodiscard]] bool gave_up() const { return nodes_ > node_limit_; }

private:
    bool branch(Points& alive, const Points& fixed, std::size_t budget)
    {
        if (++nodes_ > node_limit_) return false;
        const auto [worst, most, ends] = count_conflicts(conflicts_.data(), alive.data(), n_, words_);
        if (most == 0) return true;
        if (ends / 2 > most * budget) return false;  // no point breaks up more than `most` of them
        if (!holds(fixed, worst) && budget > 0) {
            drop(alive, worst);
            const bool found = branch(alive, fixed, budget - 1);
            put(alive, worst);
            if (found) return true;
        }
        if (most > budget) return false;
        Points left = alive;
        for (std::size_t word = 0; word < words_; ++word) {
            const std::uint64_t opponents = conflicts_[worst * words_ + word] & alive[word];
            if ((opponents & fixed[word]) != 0) return false;
            left[word] &= ~opponents;
        }
        return branch(left, fixed, budget - most);
    }

    std::span<const double> distances_;
    std::size_t n_;
    std::size_t words_;
    std::size_t node_limit_;
    std::vector<std::uint64_t> conflicts_;  ///< n × words
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
    if (node_limit == 0) return greedy;
    std::vector<double> limits{0.0};
    for (std::size_t a = 0; a < n; ++a)
        for (std::size_t b = a + 1; b < n; ++b)
            if (distances[a * n + b] <= greedy.diameter) limits.push_back(distances[a * n + b]);
    std::sort(limits.begin(), limits.end());
    limits.erase(std::unique(limits.begin(), limits.end()), limits.end());

    Cover cover(distances, n, node_limit);
    Cover::Points alive = cover.none();
    for (std::size_t point = 0; point < n; ++point) Cover::put(alive, point);
    Cover::Points fixed = cover.none();
    std::size_t low = 0;
    std::size_t high = limits.size() - 1;  // the greedy subset shows that this one is possible
    while (low < high && !cover.gave_up()) {
        const std::size_t middle = (low + high) / 2;
        cover.set_limit(limits[middle]);
        if (cover.possible(alive, fixed, n - keep))
            high = middle;
        else
            low = middle + 1;
    }
    // The lexicographically first: each point in turn stays if a solution with it and the ones before remains.
    cover.set_limit(limits[high]);
    std::size_t budget = n - keep;
    for (std::size_t point = 0; point < n && budget > 0 && !cover.gave_up(); ++point) {
        Cover::put(fixed, point);
        if (cover.possible(alive, fixed, budget)) continue;
        Cover::drop(fixed, point);
        Cover::drop(alive, point);
        --budget;
    }
    if (cover.gave_up()) return greedy;
    Subset result;
    for (std::size_t point = 0; point < n && result.members.size() < keep; ++point)
        if (Cover::holds(alive, point)) result.members.push_back(point);
    result.diameter = diameter_of(distances, n, result.members);
    return result;
}

}  // namespace fedsleuth::analysis
