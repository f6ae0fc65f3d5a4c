// SPDX-License-Identifier: GPL-3.0-or-later
// Compiled without contraction of products and sums (CMakeLists.txt): x⁴ and x·median are not exact in float64, and a
// fused multiply-add would round them otherwise than the instruction sets that have none.
#include "analysis/kernels/row_sums.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace fedsleuth::analysis {
namespace {

constexpr std::size_t lanes = 8;  ///< partial sums: coordinate c goes to number c mod 8

double fold(const double* sums)
{
    double halves[lanes / 2];
    for (std::size_t lane = 0; lane < lanes / 2; ++lane) halves[lane] = sums[lane] + sums[lane + lanes / 2];
    return (halves[0] + halves[1]) + (halves[2] + halves[3]);
}

#if defined(__x86_64__)
namespace avx512 {
#define FEDSLEUTH_TARGET __attribute__((target("avx512f,avx2,fma,popcnt")))
#define FEDSLEUTH_WIDTH 8
#define FEDSLEUTH_MIN(a, b) _mm512_maskz_min_ps(0xffff, a, b)
#define FEDSLEUTH_MAX(a, b) _mm512_maskz_max_ps(0xffff, a, b)
#define FEDSLEUTH_ABOVE(a, b) _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ)
#define FEDSLEUTH_ADD_EXACT(a, b, sum) _mm512_fmadd_pd(a, b, sum)
#include "analysis/kernels/row_sums_body.inc"
#include "analysis/kernels/row_sums_undef.inc"
}  // namespace avx512
namespace avx2 {
#define FEDSLEUTH_TARGET __attribute__((target("avx2,fma,popcnt")))
#define FEDSLEUTH_WIDTH 4
#define FEDSLEUTH_MIN(a, b) _mm256_min_ps(a, b)
#define FEDSLEUTH_MAX(a, b) _mm256_max_ps(a, b)
#define FEDSLEUTH_ABOVE(a, b) static_cast<unsigned>(_mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_GT_OQ)))
#define FEDSLEUTH_ADD_EXACT(a, b, sum) _mm256_fmadd_pd(a, b, sum)
#include "analysis/kernels/row_sums_body.inc"
#include "analysis/kernels/row_sums_undef.inc"
}  // namespace avx2
#endif
namespace portable {
template <class Vector>
unsigned above(Vector a, Vector b)
{
    unsigned bits = 0;
    for (std::size_t lane = 0; lane < sizeof(Vector) / sizeof(float); ++lane)
        bits |= static_cast<unsigned>(a[lane] > b[lane]) << lane;
    return bits;
}
#define FEDSLEUTH_TARGET
#define FEDSLEUTH_WIDTH 2
#define FEDSLEUTH_MIN(a, b) ((a) < (b) ? (a) : (b))
#define FEDSLEUTH_MAX(a, b) ((a) > (b) ? (a) : (b))
#define FEDSLEUTH_ABOVE(a, b) above(a, b)
#define FEDSLEUTH_ADD_EXACT(a, b, sum) ((sum) + (a) * (b))
#include "analysis/kernels/row_sums_body.inc"
#include "analysis/kernels/row_sums_undef.inc"
}  // namespace portable

std::vector<RowKernel> supported_kernels()
{
    std::vector<RowKernel> kernels;
#if defined(__x86_64__)
    __builtin_cpu_init();
    const bool has_avx2 = __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0 &&
                          __builtin_cpu_supports("popcnt") != 0;
    if (has_avx2 && __builtin_cpu_supports("avx512f") != 0)
        kernels.push_back({"avx512", avx512::row_sums, avx512::pair_sums, avx512::product, avx512::add_moments,
                           avx512::signs, avx512::compare_signs, avx512::count_bits, avx512::clear_non_finite});
    if (has_avx2)
        kernels.push_back({"avx2", avx2::row_sums, avx2::pair_sums, avx2::product, avx2::add_moments, avx2::signs,
                           avx2::compare_signs, avx2::count_bits, avx2::clear_non_finite});
#endif
    kernels.push_back({"portable", portable::row_sums, portable::pair_sums, portable::product, portable::add_moments,
                       portable::signs, portable::compare_signs, portable::count_bits, portable::clear_non_finite});
    return kernels;
}

}  // namespace

std::span<const RowKernel> row_kernels()
{
    static const std::vector<RowKernel> kernels = supported_kernels();
    return kernels;
}

}  // namespace fedsleuth::analysis
