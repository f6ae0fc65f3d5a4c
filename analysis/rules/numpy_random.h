// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace fedsleuth::analysis {

/// What NumPy's np.random draws after np.random.seed(seed): Mersenne Twister and its legacy samplers, bit for bit. The
/// public rules are written in NumPy, so that a seed gives here what it gives there.
class NumpyRandom {
public:
    explicit NumpyRandom(std::uint64_t seed) : twister_(static_cast<std::uint32_t>(seed)) {}

    [[nodiscard]] double uniform();                                     ///< np.random.random(): [0, 1), 53 bits
    [[nodiscard]] double normal();                                      ///< np.random.randn()
    [[nodiscard]] std::vector<std::size_t> permutation(std::size_t n);  ///< np.random.permutation(n)

private:
    /// 0 … largest (at most 2³² − 1), without bias.
    [[nodiscard]] std::uint32_t interval(std::uint32_t largest);

    std::mt19937 twister_;
    bool has_spare_ = false;
    double spare_ = 0;
};

}  // namespace fedsleuth::analysis
