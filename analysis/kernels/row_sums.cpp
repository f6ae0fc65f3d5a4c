// SPDX-License-Identifier: GPL-3.0-or-later
// Compiled without contraction of products and sums (CMakeLists.txt): x⁴ and x·median are not exact in float64, and a
// fused multiply-add would round them otherwise than the instruction sets that have none.
#include "analysis/kernels/row_sums.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

namespace fedsleuth::analysis {
namespace {

constexpr std::size_t lanes = 8;  ///< partial sums: coordinate c goes to number c mod 8

double fold(const double* sums)
{
    double halves[lanes / 2];
    for (std::size_t lane = 0; lane < lanes / 2; ++lane) halves[lane] = sums[lane] + sums[lane + lanes / 2];
    return (halves[0] + halves[1]) + (halves[2] + halves[3]);
}

std::int64_t total(const std::int32_t* counts)
{
    std::int64_t sum = 0;
    for (std::size_t lane = 0; lane < lanes; ++lane) sum += counts[lane];
    return sum;
}

#if defined(__x86_64__)
namespace avx512 {
#define FEDSLEUTH_TARGET __attribute__((target("avx512f,avx2")))
#define FEDSLEUTH_WIDTH 8
#include "analysis/kernels/row_sums_body.inc"
#undef FEDSLEUTH_WIDTH
#undef FEDSLEUTH_TARGET
}  // namespace avx512
namespace avx2 {
#define FEDSLEUTH_TARGET __attribute__((target("avx2")))
#define FEDSLEUTH_WIDTH 4
#include "analysis/kernels/row_sums_body.inc"
#undef FEDSLEUTH_WIDTH
#undef FEDSLEUTH_TARGET
}  // namespace avx2
#endif
namespace portable {
#define FEDSLEUTH_TARGET
#define FEDSLEUTH_WIDTH 2
#include "analysis/kernels/row_sums_body.inc"
#undef FEDSLEUTH_WIDTH
#undef FEDSLEUTH_TARGET
}  // namespace portable

std::vector<RowKernel> supported_kernels()
{
    std::vector<RowKernel> kernels;
#if defined(__x86_64__)
    __builtin_cpu_init();
    const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;
    if (has_avx2 && __builtin_cpu_supports("avx512f") != 0)
        kernels.push_back({"avx512", avx512::row_sums, avx512::pair_sums, avx512::product, avx512::add_moments,
                           avx512::clear_non_finite});
    if (has_avx2)
        kernels.push_back(
            {"avx2", avx2::row_sums, avx2::pair_sums, avx2::product, avx2::add_moments, avx2::clear_non_finite});
#endif
    kernels.push_back({"portable", portable::row_sums, portable::pair_sums, portable::product, portable::add_moments,
                       portable::clear_non_finite});
    return kernels;
}

}  // namespace

std::span<const RowKernel> row_kernels()
{
    static const std::vector<RowKernel> kernels = supported_kernels();
    return kernels;
}

}  // namespace fedsleuth::analysis
