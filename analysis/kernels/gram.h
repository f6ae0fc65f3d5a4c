// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>

namespace fedsleuth::analysis {

/// Coordinates are summed in chunks of this many, and the chunks' sums are added in ascending order. A matrix that is
/// fed in several calls, cut at multiples of it, gives the same bits as in one call.
inline constexpr std::int64_t gram_chunk = 4096;

/// gram += A·Aᵀ for A (n × count float32, row-major, rows `stride` apart), products and sums in float64. `gram` is
/// n × n row-major; both triangles are written.
///
/// The product of two float32 is exact in float64; the sum of c coordinates is off by at most (c / 4096 + 80)·2⁻⁵³ of
/// Σ|a_i·a_j|. A row with a NaN or an infinity spoils its own row and column only. The result is the same, to the bit,
/// on every processor and with any number of threads.
void add_gram(const float* rows, std::size_t n, std::size_t stride, std::int64_t count, double* gram,
              unsigned threads = 1);

/// products += A·Bᵀ for A (n × count) and B (k × count), both float32 and row-major with the strides given;
/// `products` is n × k row-major, float64. Errors, order and threads as for add_gram.
void add_products(const float* a, std::size_t n, std::size_t a_stride, const float* b, std::size_t k,
                  std::size_t b_stride, std::int64_t count, double* products, unsigned threads = 1);

}  // namespace fedsleuth::analysis
