// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cmath>

namespace fedsleuth::analysis {

/// The least x in [low, high] at which a non-increasing predicate-like function has fallen: `reached(x)` is false below
/// it and true from it on. Bisection to the last bit (or `tolerance`, relative to x); the answer is always on the side
/// where `reached` is true, or `high` where it never is.
template <class Reached>
[[nodiscard]] double first_reached(double low, double high, const Reached& reached, double tolerance = 0.0)
{
    while (true) {
        const double middle = low + 0.5 * (high - low);
        if (!(middle > low && middle < high) || high - low <= tolerance * std::abs(high)) return high;
        (reached(middle) ? high : low) = middle;
    }
}

/// The same where no upper end is known: doubles it from `step`, at most to `limit`; infinite if not even that reaches.
template <class Reached>
[[nodiscard]] double first_reached_from_zero(double step, double limit, const Reached& reached, double tolerance = 0.0)
{
    double low = 0.0;
    for (double high = step; high <= limit; high *= 2.0) {
        if (reached(high)) return first_reached(low, high, reached, tolerance);
        low = high;
    }
    return HUGE_VAL;
}

}  // namespace fedsleuth::analysis
