// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/lab/attacks/adaptive.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace fedsleuth::analysis::lab {

namespace {

/// n × n squared distances of the f copies of `candidate`, first, and the honest rows.
class Distances {
public:
    Distances(const Rows& honest, std::size_t f) : honest_(honest), f_(f), n_(honest.n + f), values_(n_ * n_, 0.0)
    {
        for (std::size_t row_idx = 0; row_idx < honest.n; ++row_idx)
            for (std::size_t other_idx = row_idx + 1; other_idx < honest.n; ++other_idx)
                set(f + row_idx, f + other_idx, squared_distance(honest[row_idx], honest[other_idx]));
    }
    void place(std::span<const double> candidate)
    {
        for (std::size_t row_idx = 0; row_idx < honest_.n; ++row_idx) {
            const double distance = squared_distance(honest_[row_idx], candidate);
            for (std::size_t copy_idx = 0; copy_idx < f_; ++copy_idx) set(copy_idx, f_ + row_idx, distance);
        }
    }
    [[nodiscard]] double at(std::size_t row_idx, std::size_t other_idx) const
    {
        return values_[row_idx * n_ + other_idx];
    }
    [[nodiscard]] std::size_t size() const { return n_; }

private:
    void set(std::size_t row_idx, std::size_t other_idx, double value)
    {
        values_[row_idx * n_ + other_idx] = values_[other_idx * n_ + row_idx] = value;
    }

    const Rows& honest_;
    std::size_t f_, n_;
    std::vector<double> values_;
};

/// Multi-Krum one by one; true where all f copies are among those that it takes.
bool takes_all_copies(const Distances& distances, std::size_t f)
{
    std::vector<std::size_t> remaining(distances.size());
    std::iota(remaining.begin(), remaining.end(), std::size_t{0});
    std::size_t taken = 0;
    while (remaining.size() > 2 * f + 2) {
        std::size_t best_idx = 0;
        double best = 0;
        for (std::size_t place = 0; place < remaining.size(); ++place) {
            std::vector<double> row;
            for (const std::size_t other : remaining) row.push_back(distances.at(remaining[place], other));
            std::sort(row.begin(), row.end());  // itself, at distance 0, counts as a neighbour there
            const auto count = static_cast<std::ptrdiff_t>(remaining.size() - 2 - f);
            const double score = std::accumulate(row.begin(), row.begin() + count, 0.0);
            if (place == 0 || score < best) {
                best = score;
                best_idx = place;
            }
        }
        taken += remaining[best_idx] < f ? 1 : 0;
        remaining.erase(remaining.begin() + static_cast<std::ptrdiff_t>(best_idx));
    }
    return taken == f;
}

/// Distance of the trimmed mean of the f copies and the honest rows from `mean`.
double trimmed_away(const Rows& honest, std::size_t f, std::span<const double> candidate, std::span<const double> mean)
{
    double square = 0;
    std::vector<double> column(honest.n + f);
    for (std::size_t coord_idx = 0; coord_idx < honest.d; ++coord_idx) {
        std::fill_n(column.begin(), f, candidate[coord_idx]);
        for (std::size_t row_idx = 0; row_idx < honest.n; ++row_idx) column[f + row_idx] = honest[row_idx][coord_idx];
        std::sort(column.begin(), column.end());
        const auto cut = static_cast<std::ptrdiff_t>(f);
        const double kept = static_cast<double>(honest.n) - static_cast<double>(f);
        const double trimmed = std::accumulate(column.begin() + cut, column.end() - cut, 0.0) / kept;
        square += (trimmed - mean[coord_idx]) * (trimmed - mean[coord_idx]);
    }
    return std::sqrt(square);
}

}  // namespace

Deviated tailored_to_multi_krum(const Rows& honest, std::size_t f, Direction direction)
{
    constexpr double start = 3.0;
    Distances distances(honest, f);
    return bisected(honest, direction, start, [&](std::span<const double> candidate) {
        distances.place(candidate);
        return takes_all_copies(distances, f);
    });
}

Deviated tailored_to_trimmed_mean(const Rows& honest, std::size_t f, Direction direction)
{
    constexpr double start = 10.0;
    const std::vector<double> mean = mean_of(honest);
    double last = -1;
    return bisected(honest, direction, start, [&](std::span<const double> candidate) {
        const double away = honest.n > f ? trimmed_away(honest, f, candidate, mean) : 0;
        const bool further = last < away;
        last = away;
        return further;
    });
}

double line_maximum(const std::function<double(double)>& height, const LineSearch& search)
{
    double step = search.step, best = search.start, best_height = height(best);
    bool expanding = true;
    for (std::size_t left = search.evaluations - 1; left > 0; --left) {
        const double reached = height(best + step);
        const bool climbs = reached > best_height;
        if (climbs) {
            best_height = reached;
            best += step;
        }
        expanding = expanding && climbs;
        step *= expanding ? 2 : search.ratio;
    }
    return best;
}

}  // namespace fedsleuth::analysis::lab
