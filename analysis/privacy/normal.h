// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace fedsleuth::analysis {

// The standard normal distribution where doubles run out: tails without underflow, differences without cancellation.

[[nodiscard]] double normal_cdf(double x);       ///< P[N ≤ x]
[[nodiscard]] double normal_tail(double x);      ///< P[N > x]
[[nodiscard]] double log_normal_tail(double x);  ///< ln P[N > x], down to x = 1e150
[[nodiscard]] double mills_ratio(double x);      ///< P[N > x] / density(x); infinite below about −38
[[nodiscard]] double log_normal_density(double x);

/// ln Γ(x), x > 0, on any thread: the standard library's also writes the sign into one variable for all threads.
[[nodiscard]] double log_gamma(double x);

/// The x with P[N > x] = p, for p in (0, 1); infinite at 0 and 1.
[[nodiscard]] double normal_tail_quantile(double p);

}  // namespace fedsleuth::analysis
