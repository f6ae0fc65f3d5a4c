// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/kernels/sorting_network.h"

#include <algorithm>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace fedsleuth::analysis {
namespace {

#if defined(__x86_64__)
namespace avx512 {
#define FEDSLEUTH_TARGET __attribute__((target("avx512f,avx2")))
#define FEDSLEUTH_BYTES 64
// With a mask of all lanes: the plain intrinsics make GCC 12 warn of their own unset operand.
FEDSLEUTH_TARGET inline __m512 lesser(__m512 a, __m512 b) { return _mm512_maskz_min_ps(0xffff, a, b); }
FEDSLEUTH_TARGET inline __m512 greater(__m512 a, __m512 b) { return _mm512_maskz_max_ps(0xffff, a, b); }
FEDSLEUTH_TARGET inline __m512d lesser(__m512d a, __m512d b) { return _mm512_maskz_min_pd(0xff, a, b); }
FEDSLEUTH_TARGET inline __m512d greater(__m512d a, __m512d b) { return _mm512_maskz_max_pd(0xff, a, b); }
#include "analysis/kernels/sorting_network_body.inc"
#undef FEDSLEUTH_BYTES
#undef FEDSLEUTH_TARGET
}  // namespace avx512
namespace avx2 {
#define FEDSLEUTH_TARGET __attribute__((target("avx2")))
#define FEDSLEUTH_BYTES 32
FEDSLEUTH_TARGET inline __m256 lesser(__m256 a, __m256 b) { return _mm256_min_ps(a, b); }
FEDSLEUTH_TARGET inline __m256 greater(__m256 a, __m256 b) { return _mm256_max_ps(a, b); }
FEDSLEUTH_TARGET inline __m256d lesser(__m256d a, __m256d b) { return _mm256_min_pd(a, b); }
FEDSLEUTH_TARGET inline __m256d greater(__m256d a, __m256d b) { return _mm256_max_pd(a, b); }
#include "analysis/kernels/sorting_network_body.inc"
#undef FEDSLEUTH_BYTES
#undef FEDSLEUTH_TARGET
}  // namespace avx2
#endif
namespace portable {
#define FEDSLEUTH_TARGET
#define FEDSLEUTH_BYTES 16
template <class Lanes>
Lanes lesser(Lanes a, Lanes b)
{
    return a < b ? a : b;
}
template <class Lanes>
Lanes greater(Lanes a, Lanes b)
{
    return a > b ? a : b;
}
#include "analysis/kernels/sorting_network_body.inc"
#undef FEDSLEUTH_BYTES
#undef FEDSLEUTH_TARGET
}  // namespace portable

std::vector<NetworkRunner> supported_runners()
{
    std::vector<NetworkRunner> runners;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx2") != 0)
        runners.push_back({"avx512", avx512::run<float>, avx512::run<double>});
    if (__builtin_cpu_supports("avx2") != 0) runners.push_back({"avx2", avx2::run<float>, avx2::run<double>});
#endif
    runners.push_back({"portable", portable::run<float>, portable::run<double>});
    return runners;
}

std::vector<Comparator> merge_exchange(std::size_t n)
{
    std::vector<Comparator> network;
    if (n < 2) return network;
    const std::size_t top = std::bit_ceil(n) / 2;
    for (std::size_t p = top; p > 0; p /= 2) {
        std::size_t q = top;
        std::size_t r = 0;
        std::size_t distance = p;
        while (true) {
            for (std::size_t low = 0; low + distance < n; ++low)
                if ((low & p) == r)
                    network.push_back({static_cast<std::uint32_t>(low), static_cast<std::uint32_t>(low + distance)});
            if (q == p) break;
            distance = q - p;
            q /= 2;
            r = p;
        }
    }
    return network;
}

}  // namespace

std::vector<Comparator> sorting_network(std::size_t n, std::size_t first_rank, std::size_t last_rank)
{
    std::vector<Comparator> network = merge_exchange(n);
    std::vector<char> wanted(n, 0);
    for (std::size_t rank = first_rank; rank <= last_rank && rank < n; ++rank) wanted[rank] = 1;
    std::vector<Comparator> kept;
    for (auto comparator = network.rbegin(); comparator != network.rend(); ++comparator) {
        if (!wanted[comparator->low] && !wanted[comparator->high]) continue;
        wanted[comparator->low] = wanted[comparator->high] = 1;
        kept.push_back(*comparator);
    }
    std::reverse(kept.begin(), kept.end());
    return kept;
}

std::span<const NetworkRunner> network_runners()
{
    static const std::vector<NetworkRunner> runners = supported_runners();
    return runners;
}

void run_network(std::span<const Comparator> network, float* values)
{
    network_runners().front().run_float(network, values);
}

void run_network(std::span<const Comparator> network, double* values)
{
    network_runners().front().run_double(network, values);
}

}  // namespace fedsleuth::analysis
