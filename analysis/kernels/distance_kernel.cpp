// SPDX-License-Identifier: GPL-3.0-or-later
// Compiled without contraction of products and sums (CMakeLists.txt), which would round the squares differently where
// there is a fused multiply-add.
#include "analysis/kernels/distance_kernel.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <vector>

namespace fedsleuth::analysis {
namespace {

#if defined(__x86_64__)
namespace avx512 {
#define FEDSLEUTH_TARGET __attribute__((target("avx512f,avx2")))
#define FEDSLEUTH_WIDTH 8
#include "analysis/kernels/distance_kernel_body.inc"
#undef FEDSLEUTH_WIDTH
#undef FEDSLEUTH_TARGET
}  // namespace avx512
namespace avx2 {
#define FEDSLEUTH_TARGET __attribute__((target("avx2")))
#define FEDSLEUTH_WIDTH 4
#include "analysis/kernels/distance_kernel_body.inc"
#undef FEDSLEUTH_WIDTH
#undef FEDSLEUTH_TARGET
}  // namespace avx2
#endif
namespace portable {
#define FEDSLEUTH_TARGET
#define FEDSLEUTH_WIDTH 2
#include "analysis/kernels/distance_kernel_body.inc"
#undef FEDSLEUTH_WIDTH
#undef FEDSLEUTH_TARGET
}  // namespace portable

std::vector<DistanceKernel> supported_kernels()
{
    std::vector<DistanceKernel> kernels;
#if defined(__x86_64__)
    __builtin_cpu_init();
    const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;
    if (has_avx2 && __builtin_cpu_supports("avx512f") != 0)
        kernels.push_back({"avx512", avx512::add_squares, avx512::relax});
    if (has_avx2) kernels.push_back({"avx2", avx2::add_squares, avx2::relax});
#endif
    kernels.push_back({"portable", portable::add_squares, portable::relax});
    return kernels;
}

}  // namespace

std::span<const DistanceKernel> distance_kernels()
{
    static const std::vector<DistanceKernel> kernels = supported_kernels();
    return kernels;
}

}  // namespace fedsleuth::analysis
