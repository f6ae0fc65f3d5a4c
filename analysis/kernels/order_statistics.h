// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace fedsleuth::analysis {

/// Coordinate by coordinate over n rows of `count` finite values; `out` takes `count`. For even n the median is the
/// mean of the two middle values (computed in float64 and returned as such).
void column_median(std::span<const float* const> rows, std::int64_t count, double* out);
void column_median(std::span<const double* const> rows, std::int64_t count, double* out);

/// Mean of what remains when the `cut` lowest and the `cut` highest values of each coordinate are dropped; needs
/// 2·cut < n.
void column_trimmed_mean(std::span<const float* const> rows, std::int64_t count, std::size_t cut, double* out);
void column_trimmed_mean(std::span<const double* const> rows, std::int64_t count, std::size_t cut, double* out);

}  // namespace fedsleuth::analysis
