// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/numpy_random.h"

#include <bit>
#include <cmath>
#include <numeric>
#include <utility>

namespace fedsleuth::analysis {

double NumpyRandom::uniform()
{
    const double high = static_cast<double>(twister_() >> 5U);
    const double low = static_cast<double>(twister_() >> 6U);
    return (high * 67108864.0 + low) / 9007199254740992.0;
}

double NumpyRandom::normal()
{
    // Marsaglia's polar method, second value first, as legacy_gauss has it.
    if (has_spare_) {
        has_spare_ = false;
        return spare_;
    }
    double x = 0;
    double y = 0;
    double square = 0;
    do {
        x = 2.0 * uniform() - 1.0;
        y = 2.0 * uniform() - 1.0;
        square = x * x + y * y;
    } while (square >= 1.0 || square == 0.0);
    const double factor = std::sqrt(-2.0 * std::log(square) / square);
    has_spare_ = true;
    spare_ = factor * x;
    return factor * y;
}

std::uint32_t NumpyRandom::interval(std::uint32_t largest)
{
    if (largest == 0) return 0;
    const std::uint32_t mask = ~std::uint32_t{0} >> std::countl_zero(largest);
    std::uint32_t value = 0;
    do value = static_cast<std::uint32_t>(twister_()) & mask;
    while (value > largest);
    return value;
}

std::vector<std::size_t> NumpyRandom::permutation(std::size_t n)
{
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (std::size_t last = n; last-- > 1;) std::swap(order[last], order[interval(static_cast<std::uint32_t>(last))]);
    return order;
}

}  // namespace fedsleuth::analysis
