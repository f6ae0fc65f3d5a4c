// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace fedsleuth::analysis {

/// Coordinate by coordinate over n rows of `count` finite values; `out` takes `count`. For even n the median is the
/// mean of the two middle values (computed in float64 and returned as such); with no rows it is NaN.
///
/// The rows must hold no NaN: the sorting network orders by minima and maxima, which a NaN would break (the caller
/// refuses such rows by name). Negative and positive zero count as equal; which of them is the median is not said.
void column_median(std::span<const float* const> rows, std::int64_t count, double* out);
void column_median(std::span<const double* const> rows, std::int64_t count, double* out);

/// The same for run after run of n rows: keeps the network and its scratch. Not for two threads at once.
class ColumnMedian {
public:
    explicit ColumnMedian(std::size_t n);
    ~ColumnMedian();
    void take(std::span<const float* const> rows, std::int64_t count, double* out);  ///< n rows

private:
    struct Inside;
    std::unique_ptr<Inside> inside_;
};

/// Mean of what remains when the `cut` lowest and the `cut` highest values of each coordinate are dropped; needs
/// 2·cut < n, else the result is NaN. The remaining values are added in ascending order in float64.
void column_trimmed_mean(std::span<const float* const> rows, std::int64_t count, std::size_t cut, double* out);
void column_trimmed_mean(std::span<const double* const> rows, std::int64_t count, std::size_t cut, double* out);

/// All values of each coordinate in ascending order: sorted[rank · count + coord_idx], n · count of them. For rules
/// that need more than one rank of a column.
void column_sort(std::span<const float* const> rows, std::int64_t count, float* sorted);
void column_sort(std::span<const double* const> rows, std::int64_t count, double* sorted);

}  // namespace fedsleuth::analysis
