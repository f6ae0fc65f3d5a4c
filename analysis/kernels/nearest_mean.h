// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace fedsleuth::analysis {

/// Coordinate by coordinate over n rows of `count` finite values: the mean of the `keep` values (1 ≤ keep ≤ n) that lie
/// nearest to the median, added in ascending order in float64; of two that are equally far the lower one counts. No
/// NaN.
void column_nearest_mean(std::span<const float* const> rows, std::int64_t count, std::size_t keep, double* out);
void column_nearest_mean(std::span<const double* const> rows, std::int64_t count, std::size_t keep, double* out);

/// Values of `window_lanes` sorted columns, rank r of column c at [r · stride + c].
inline constexpr std::size_t window_lanes = 32;

/// The step after sorting, for one instruction set: the tests hold them against each other.
struct WindowRunner {
    const char* name;
    void (*run_float)(const float* sorted, std::size_t n, std::size_t stride, std::size_t keep, double* means);
    void (*run_double)(const double* sorted, std::size_t n, std::size_t stride, std::size_t keep, double* means);
};

/// Those that this processor can run, the fastest first; the last one runs anywhere.
[[nodiscard]] std::span<const WindowRunner> window_runners();

}  // namespace fedsleuth::analysis
