// SPDX-License-Identifier: GPL-3.0-or-later
// Compiled without contraction of products and sums (CMakeLists.txt).
#include "analysis/kernels/symmetric_product.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace fedsleuth::analysis {
namespace {

constexpr std::size_t lanes = 8;

double fold(const double* sums)
{
    return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]));
}

#if defined(__x86_64__)
namespace avx512 {
#define FEDSLEUTH_TARGET __attribute__((target("avx512f,avx2")))
#define FEDSLEUTH_WIDTH 8
#include "analysis/kernels/symmetric_product_body.inc"
#undef FEDSLEUTH_WIDTH
#undef FEDSLEUTH_TARGET
}  // namespace avx512
namespace avx2 {
#define FEDSLEUTH_TARGET __attribute__((target("avx2")))
#define FEDSLEUTH_WIDTH 4
#include "analysis/kernels/symmetric_product_body.inc"
#undef FEDSLEUTH_WIDTH
#undef FEDSLEUTH_TARGET
}  // namespace avx2
#endif
namespace portable {
#define FEDSLEUTH_TARGET
#define FEDSLEUTH_WIDTH 2
#include "analysis/kernels/symmetric_product_body.inc"
#undef FEDSLEUTH_WIDTH
#undef FEDSLEUTH_TARGET
}  // namespace portable

std::vector<SymmetricKernel> supported_kernels()
{
    std::vector<SymmetricKernel> kernels;
#if defined(__x86_64__)
    __builtin_cpu_init();
    const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;
    if (has_avx2 && __builtin_cpu_supports("avx512f") != 0) kernels.push_back({"avx512", avx512::product});
    if (has_avx2) kernels.push_back({"avx2", avx2::product});
#endif
    kernels.push_back({"portable", portable::product});
    return kernels;
}

}  // namespace

std::span<const SymmetricKernel> symmetric_kernels()
{
    static const std::vector<SymmetricKernel> kernels = supported_kernels();
    return kernels;
}

void symmetric_product(const double* matrix, std::size_t n, const double* x, double* out)
{
    symmetric_kernels().front().product(matrix, n, x, out);
}

}  // namespace fedsleuth::analysis
