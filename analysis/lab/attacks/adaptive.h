// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/lab/attacks/crafting.h"

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace fedsleuth::analysis::lab {

// Attacks that know the server's rule.

/// Shejwalkar and Houmansadr 2021 against Multi-Krum as they have it (one client is taken at a time and the rest judged
/// anew, while more than 2f + 2 remain): the largest gamma of mean − gamma · direction at which all f copies are taken.
/// Bisection from 3, down to 10⁻⁵. f ≥ 1.
[[nodiscard]] Deviated tailored_to_multi_krum(const Rows& honest, std::size_t f, Direction direction);
/// The same against trimmed mean, f cut a side: gamma grows as long as the result moves further from the honest mean
/// than the time before (the authors' stopping rule, from 10).
[[nodiscard]] Deviated tailored_to_trimmed_mean(const Rows& honest, std::size_t f, Direction direction);

struct LineSearch {
    std::size_t evaluations = 20;
    double start = 0;
    double step = 10;
    double ratio = 0.8;
};

/// Where `height` is great, by exploration upwards from `start` (as ByzFL's optimal attacks): the step doubles while it
/// climbs; from the first time that it does not, it shrinks by `ratio` each time.
[[nodiscard]] double line_maximum(const std::function<double(double)>& height, const LineSearch& search);

}  // namespace fedsleuth::analysis::lab
