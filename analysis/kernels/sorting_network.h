// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace fedsleuth::analysis {

/// Puts the smaller of two values at `low`, the larger at `high`.
struct Comparator {
    std::uint32_t low;
    std::uint32_t high;
};

/// Batcher's merge exchange (Knuth, The Art of Computer Programming 3, 5.2.2, algorithm M) for n values, without the
/// comparators that no rank in [first_rank, last_rank] depends on: after the rest has run, those ranks hold what they
/// would hold in sorted order. About n (log₂ n)² / 4 comparators.
[[nodiscard]] std::vector<Comparator> sorting_network(std::size_t n, std::size_t first_rank, std::size_t last_rank);

/// Values that a network takes through at a time: two of the widest registers.
template <class Real>
inline constexpr std::size_t network_lanes = 128 / sizeof(Real);

/// Runs the network on network_lanes<Real> columns side by side: values[row · network_lanes + lane], aligned to 64
/// bytes, without NaN.
void run_network(std::span<const Comparator> network, float* values);
void run_network(std::span<const Comparator> network, double* values);

/// The same for one instruction set.
struct NetworkRunner {
    const char* name;
    void (*run_float)(std::span<const Comparator> network, float* values);
    void (*run_double)(std::span<const Comparator> network, double* values);
};

/// Those that this processor can run, the fastest first; the last one runs anywhere.
[[nodiscard]] std::span<const NetworkRunner> network_runners();

}  // namespace fedsleuth::analysis
