// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace fedsleuth::analysis {

/// The signs of a run of coordinates, 64 in a word, the first in its lowest bit; bits past the end are 0.
struct SignBits {
    explicit SignBits(std::size_t count = 0) : positive((count + 63) / 64, 0), negative(positive) {}

    std::vector<std::uint64_t> positive;
    std::vector<std::uint64_t> negative;
};

/// What all rows are compared with over a run of coordinates.
struct CrowdRun {
    const double* median;  ///< of each coordinate
    const double* quiet;   ///< 1 where the coordinate belongs to the quiet half, else 0
    std::size_t count;     ///< coordinates
};

/// One row's own figures over the run. The values must be finite.
struct RowSums {
    double median_product = 0;  ///< Σ x·median
    double sum = 0;             ///< Σ x
    double absolute = 0;        ///< Σ |x|
    double fourth = 0;          ///< Σ x⁴
    double quiet = 0;           ///< Σ x² over the quiet half
    float minimum = 0;
    float maximum = 0;
};

/// Sums of a row alone.
struct Moments {
    double sum = 0;       ///< Σ x
    double absolute = 0;  ///< Σ |x|
    double square = 0;    ///< Σ x²
};

/// Two rows held against each other.
struct PairSums {
    double product = 0;         ///< Σ x·y
    double square = 0;          ///< Σ y²
    double median_product = 0;  ///< Σ y·median
};

/// Counts of coordinates.
struct SignCounts {
    std::int64_t equal = 0;     ///< both have the same sign ≠ 0
    std::int64_t compared = 0;  ///< neither is zero
};

/// The loops over rows for one instruction set. Sums run in eight partial sums, as those of DotTile do; fused
/// multiply-add is used where the product is exact and nowhere else: all instruction sets agree to the last bit.
struct RowKernel {
    const char* name;
    void (*row_sums)(const float* row, const CrowdRun& crowd, RowSums& sums);
    void (*pair_sums)(const float* row, const float* other, const double* median, std::size_t count, PairSums& sums);
    double (*product)(const float* row, const double* other, std::size_t count);  ///< Σ x·y
    void (*add_moments)(const float* row, std::size_t count, Moments& moments);
    /// `bits` has room for `count`; what lies in the first words is overwritten.
    void (*signs)(const float* row, std::size_t count, SignBits& bits);
    SignCounts (*compare_signs)(const SignBits& bits, const SignBits& other);  ///< both of as many words
    std::int64_t (*count_bits)(const std::vector<std::uint64_t>& words);
    /// Puts zeros in the place of what is not finite and returns how many there were.
    std::int64_t (*clear_non_finite)(float* row, std::size_t count);
};

/// Those that this processor can run, the fastest first; the last one runs anywhere.
[[nodiscard]] std::span<const RowKernel> row_kernels();

}  // namespace fedsleuth::analysis
