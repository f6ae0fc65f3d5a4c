// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <vector>

namespace fedsleuth::analysis {

/// Middle value of the finite entries (mean of the two middle ones where their number is even); NaN where there are
/// none.
[[nodiscard]] double median_of(std::span<const double> values);

/// Linear-interpolated quantile of the finite entries, share in [0, 1]; NaN where there are none.
[[nodiscard]] double quantile_of(std::span<const double> values, double share);

/// Where a round's crowd lies and how wide it is: the median, and 1.4826 × the median absolute deviation (which
/// equals the standard deviation for normal data), never below `floor`.
struct Crowd {
    double location = 0;
    double scale = 1;
};
[[nodiscard]] Crowd crowd_of(std::span<const double> values, double floor);

/// (value − location) / scale for each entry; NaN stays NaN.
[[nodiscard]] std::vector<double> robust_z(std::span<const double> values, const Crowd& crowd);

/// Evidence of a robust z-score on the scale that all detectors share: the log-likelihood ratio of a Student t with
/// four degrees of freedom against its centre, 2.5 ln(1 + z²/4). Heavy tails, because a MAD over a few honest clients
/// is itself uncertain: z = 3 gives 2.9, z = 10 gives 8.1. NaN gives 0.
[[nodiscard]] double evidence_of(double z);

/// Fisher's transform of a cosine, artanh, with the cosine held within ±(1 − 1e-7): on it the spread of a cosine does
/// not shrink towards ±1.
[[nodiscard]] double fisher(double cosine);

}  // namespace fedsleuth::analysis
