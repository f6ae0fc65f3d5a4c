// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>

namespace fedsleuth::analysis {

/// gram += A·Aᵀ for A (n × count float32, row-major, rows `stride` apart), products and sums in float64. `gram` is
/// n × n row-major; both triangles are written.
void add_gram(const float* rows, std::size_t n, std::size_t stride, std::int64_t count, double* gram);

/// products += A·Bᵀ for A (n × count) and B (k × count), both float32 and row-major with the strides given;
/// `products` is n × k row-major, float64.
void add_products(const float* a, std::size_t n, std::size_t a_stride, const float* b, std::size_t k,
                  std::size_t b_stride, std::int64_t count, double* products);

}  // namespace fedsleuth::analysis
