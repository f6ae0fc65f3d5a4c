// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>

namespace fedsleuth::analysis {

/// Adds independent Gaussian noise of standard deviation `deviation` to every number; the same for the same seed,
/// whatever else is drawn.
void add_noise(std::span<double> vector, double deviation, std::uint64_t seed);

}  // namespace fedsleuth::analysis
