// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

namespace fedsleuth::analysis::lab {

/// Random numbers of the lab: xoshiro256** (Blackman, Vigna 2018), seeded through SplitMix64. A stream is named by the
/// seed and by what it is for (purpose, round, client), so what one client draws never depends on another's draws, on
/// the order of the work or on the number of threads.
class Random {
public:
    Random(std::uint64_t seed, std::initializer_list<std::uint64_t> stream);

    [[nodiscard]] std::uint64_t next();
    [[nodiscard]] double uniform();                         ///< in [0, 1)
    [[nodiscard]] double uniform(double low, double high);  ///< in [low, high)
    [[nodiscard]] std::size_t below(std::size_t bound);     ///< in [0, bound); bound ≥ 1
    [[nodiscard]] double normal();                          ///< standard normal (Box and Muller)
    [[nodiscard]] double gamma(double shape);               ///< scale 1, shape > 0 (Marsaglia and Tsang 2000)
    /// A point of the simplex from the symmetric Dirichlet distribution; alpha > 0.
    [[nodiscard]] std::vector<double> dirichlet(std::size_t count, double alpha);

    /// Fisher and Yates.
    template <class T>
    void shuffle(std::span<T> items)
    {
        for (std::size_t left = items.size(); left > 1; --left) std::swap(items[left - 1], items[below(left)]);
    }
    /// `count` of the numbers 0 … total − 1, ascending; count ≤ total.
    [[nodiscard]] std::vector<std::size_t> choose(std::size_t total, std::size_t count);

private:
    std::array<std::uint64_t, 4> state_{};
    double spare_ = 0;
    bool has_spare_ = false;
};

/// What the streams are for: the first number of a stream's name.
namespace stream {
inline constexpr std::uint64_t data = 1, partition = 2, model = 3, roles = 4, selection = 5, training = 6, attack = 7,
                               noise = 8, test_data = 9, labels = 10, server = 11, probe = 12, tampering = 13;
}

}  // namespace fedsleuth::analysis::lab
