// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <limits>
#include <span>
#include <vector>

namespace fedsleuth::analysis {

/// One detector's z-scores of one client over its rounds; NaN where it said nothing.
using Series = std::vector<double>;

inline constexpr double not_known = std::numeric_limits<double>::quiet_NaN();
inline constexpr double widest_level = 12;  ///< a client's level against the others counts at most this much

/// `value` within ±most; 0 where it is not known.
[[nodiscard]] double held(double value, double most);

/// Mean of the known entries; NaN where there are none.
[[nodiscard]] double mean_of(std::span<const double> values);

/// Mean of the highest, or of the lowest, quarter of the known entries (at least one).
[[nodiscard]] double quarter_mean(const Series& series, bool highest);

/// The greatest shift of the mean between the rounds before and from some round on, in standard errors of unit noise:
/// the client is its own control. NaN with fewer than four known rounds.
[[nodiscard]] double greatest_shift(const Series& series);

/// The entry that is farthest from 0; NaN where none is known.
[[nodiscard]] double farthest(const Series& series);

/// Each client's series less its own median, in units of what that comes to for all clients (1.4826 × the median
/// absolute deviation, never below `floor`), held within ±widest: how far a round was out of the ordinary for *this*
/// client. What is peculiar about its data cancels; what it does now and then, or from some round on, stays. Series
/// with fewer than four known rounds have no ordinary and become NaN.
[[nodiscard]] std::vector<Series> apart_from_own(const std::vector<const Series*>& clients, double floor,
                                                 double widest);

/// A table of clients and rounds taken apart by median polish (Tukey 1977, chapter 11): what is peculiar to the round
/// (and to who was there), what to the client, and what is left. A client that was there with the long ones looks short
/// in every round; its own part does not.
struct Polished {
    std::vector<double> client;  ///< n: each client's part; NaN where nothing is known of it
    std::vector<Series> rest;    ///< n, as the clients' series: what is left
};

/// `rounds`: of each client, the round (0 … round_count − 1) that each entry of its series is of.
[[nodiscard]] Polished polish(const std::vector<const Series*>& clients,
                              const std::vector<std::vector<std::size_t>>& rounds, std::size_t round_count);

/// Takes out of `values` what a straight line on `covariate` explains (Theil and Sen's slope: the median of the slopes
/// of all pairs). Leaves them alone where fewer than eight are known.
void without_covariate(std::vector<double>& values, const std::vector<double>& covariate);

/// Robust z-scores of clients against each other, held within ±widest_level; 0 where a value is not known.
[[nodiscard]] std::vector<double> levels(std::vector<double> values, double floor);

}  // namespace fedsleuth::analysis
