// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cmath>
#include <numbers>

namespace fedsleuth::analysis::lab {

/// Φ⁻¹(p) for 0 < p < 1, by bisection of Φ(x) = erfc(−x/√2)/2; exact to about 10⁻¹⁵ around 0.
[[nodiscard]] inline double normal_quantile(double p)
{
    double low = -40, high = 40;
    for (int step = 0; step < 100; ++step) {
        const double middle = (low + high) / 2;
        (std::erfc(-middle / std::numbers::sqrt2) / 2 < p ? low : high) = middle;
    }
    return (low + high) / 2;
}

}  // namespace fedsleuth::analysis::lab
