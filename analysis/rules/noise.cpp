// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/noise.h"

#include "analysis/rules/numpy_random.h"

namespace fedsleuth::analysis {

void add_noise(std::span<double> vector, double deviation, std::uint64_t seed)
{
    if (deviation == 0.0) return;
    NumpyRandom random(seed);
    for (double& value : vector) value += deviation * random.normal();
}

}  // namespace fedsleuth::analysis
