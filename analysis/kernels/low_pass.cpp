// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/kernels/low_pass.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace fedsleuth::analysis {

namespace {

/// P of one block length, row-major in length × length.
using Projection = std::array<double, low_pass_block * low_pass_block>;

Projection projection_of(std::size_t length)
{
    Projection projection{};
    const auto n = static_cast<double>(length);
    for (std::size_t frequency = 0; frequency < (length + 1) / 2; ++frequency) {
        std::array<double, low_pass_block> wave{};
        for (std::size_t at = 0; at < length; ++at)
            wave[at] = std::sqrt((frequency == 0 ? 1 : 2) / n) *
                       std::cos(std::numbers::pi * static_cast<double>(frequency) *
                                (static_cast<double>(at) + 0.5) / n);
        for (std::size_t row = 0; row < length; ++row)
            for (std::size_t column = 0; column < length; ++column)
                projection[row * length + column] += wave[row] * wave[column];
    }
    return projection;
}

const Projection& projection(std::size_t length)
{
    static const std::array<Projection, low_pass_block + 1> all = [] {
        std::array<Projection, low_pass_block + 1> made{};
        for (std::size_t of = 1; of <= low_pass_block; ++of) made[of] = projection_of(of);
        return made;
    }();
    return all[length];
}

}  // namespace

void low_pass(std::span<const double> values, std::span<double> out)
{
    for (std::size_t first = 0; first < values.size(); first += low_pass_block) {
        const std::size_t length = std::min(low_pass_block, values.size() - first);
        const Projection& onto = projection(length);
        for (std::size_t row = 0; row < length; ++row) {
            double sum = 0;
            for (std::size_t column = 0; column < length; ++column)
                sum += onto[row * length + column] * values[first + column];
            out[first + row] = sum;
        }
    }
}

}  // namespace fedsleuth::analysis
