// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/lab/rows.h"

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace fedsleuth::analysis::lab {

// Vectors that are crafted from the honest updates of a round: pure functions of an n × d matrix, n ≥ 1. What is
// returned is an update, to be sent as it is.

[[nodiscard]] std::vector<double> mean_of(const Rows& rows);
/// Standard deviation of every coordinate, over n − 1; zeros for n = 1.
[[nodiscard]] std::vector<double> deviation_of(const Rows& rows);
[[nodiscard]] double norm_of(std::span<const double> vector);
[[nodiscard]] double squared_distance(std::span<const double> a, std::span<const double> b);
/// Median of the rows' lengths.
[[nodiscard]] double median_norm(const Rows& rows);

/// A Little Is Enough (Baruch et al. 2019): mean + tau · deviation.
[[nodiscard]] std::vector<double> alie(const Rows& honest, double tau);
/// The paper's z for n clients of whom f are malicious: Φ⁻¹((n − f − s) / (n − f)), s = ⌊n/2 + 1⌋ − f; 0 where a
/// majority needs no honest supporter.
[[nodiscard]] double alie_z(std::size_t n, std::size_t f);

/// Inner product manipulation (Xie et al. 2020): −tau · mean.
[[nodiscard]] std::vector<double> ipm(const Rows& honest, double tau);

/// In which direction Min-Max and Min-Sum leave the mean.
enum class Direction { unit, sign, std };

struct Deviated {
    double gamma = 0;  ///< of mean − gamma · direction
    std::vector<double> vector;
};

/// The authors' search for the largest gamma that is `allowed`: from `start`, by halves, down to 10⁻⁵.
[[nodiscard]] Deviated bisected(const Rows& honest, Direction direction, double start,
                                const std::function<bool(std::span<const double>)>& allowed);

/// Min-Max (Shejwalkar and Houmansadr 2021): the largest gamma at which no honest update is further from the result
/// than two honest ones are from each other. Searched from 10.
[[nodiscard]] Deviated min_max(const Rows& honest, Direction direction);
/// Min-Sum: the sum of squared distances to the honest updates stays within the smallest of such sums of an honest
/// update (as the authors' code; their text says the largest).
[[nodiscard]] Deviated min_sum(const Rows& honest, Direction direction);

/// Fang et al. 2020 on Krum: −λ sign(mean), with λ halved from 1 until Krum, given f copies of it beside the honest
/// updates, picks a copy, or λ falls below 10⁻⁵.
[[nodiscard]] Deviated fang_krum(const Rows& honest, std::size_t f);
/// Fang et al. 2020 on trimmed mean, full knowledge: every coordinate at its honest extreme against the mean's sign,
/// moved outwards by `factor` (times factor, or divided by it, whichever leads away from the mean's direction).
[[nodiscard]] std::vector<double> fang_trim(const Rows& honest, std::span<const double> factor);
/// The same with what f attackers know of themselves: mean − 3.5 · deviation (over f) · sign(mean) of their own rows.
[[nodiscard]] std::vector<double> fang_trim_partial(const Rows& own);
/// Fang et al. 2020 on the mean, as FLDetector's code: what f attackers send so that the sum becomes minus that of the
/// honest ones; `all` are everybody's honest updates, the first f rows the attackers'.
[[nodiscard]] std::vector<double> fang_mean(const Rows& all, std::size_t f);

}  // namespace fedsleuth::analysis::lab
