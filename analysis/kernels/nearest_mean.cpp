// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/kernels/nearest_mean.h"

#include "analysis/kernels/order_statistics.h"

#include <algorithm>
#include <vector>

namespace fedsleuth::analysis {
namespace {

constexpr std::int64_t block_columns = 1024;  ///< sorted at a time: a hundred rows of them stay in the second cache

#if defined(__x86_64__)
namespace avx512 {
#define FEDSLEUTH_TARGET __attribute__((target("avx512f,avx512dq,avx2")))
#include "analysis/kernels/nearest_mean_body.inc"
#undef FEDSLEUTH_TARGET
}  // namespace avx512
namespace avx2 {
#define FEDSLEUTH_TARGET __attribute__((target("avx2")))
#include "analysis/kernels/nearest_mean_body.inc"
#undef FEDSLEUTH_TARGET
}  // namespace avx2
#endif
namespace portable {
#define FEDSLEUTH_TARGET
#include "analysis/kernels/nearest_mean_body.inc"
#undef FEDSLEUTH_TARGET
}  // namespace portable

std::vector<WindowRunner> supported_runners()
{
    std::vector<WindowRunner> runners;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512dq") != 0)
        runners.push_back({"avx512", avx512::run<float>, avx512::run<double>});
    if (__builtin_cpu_supports("avx2") != 0) runners.push_back({"avx2", avx2::run<float>, avx2::run<double>});
#endif
    runners.push_back({"portable", portable::run<float>, portable::run<double>});
    return runners;
}

void run_window(const float* sorted, std::size_t n, std::size_t stride, std::size_t keep, double* means)
{
    window_runners().front().run_float(sorted, n, stride, keep, means);
}

void run_window(const double* sorted, std::size_t n, std::size_t stride, std::size_t keep, double* means)
{
    window_runners().front().run_double(sorted, n, stride, keep, means);
}

template <class Real>
void nearest_mean(std::span<const Real* const> rows, std::int64_t count, std::size_t keep, double* out)
{
    const std::size_t n = rows.size();
    std::vector<const Real*> part(n);
    // Whole lanes are read off the end of the last row: the room is there.
    std::vector<Real> sorted(n * static_cast<std::size_t>(std::min(count, block_columns)) + window_lanes, Real{0});
    double means[window_lanes];
    for (std::int64_t first = 0; first < count; first += block_columns) {
        const std::int64_t width = std::min(block_columns, count - first);
        for (std::size_t row_idx = 0; row_idx < n; ++row_idx) part[row_idx] = rows[row_idx] + first;
        column_sort(part, width, sorted.data());
        for (std::int64_t column = 0; column < width; column += window_lanes) {
            run_window(sorted.data() + column, n, static_cast<std::size_t>(width), keep, means);
            std::copy_n(means, std::min<std::int64_t>(window_lanes, width - column), out + first + column);
        }
    }
}

}  // namespace

std::span<const WindowRunner> window_runners()
{
    static const std::vector<WindowRunner> runners = supported_runners();
    return runners;
}

void column_nearest_mean(std::span<const float* const> rows, std::int64_t count, std::size_t keep, double* out)
{
    nearest_mean(rows, count, keep, out);
}

void column_nearest_mean(std::span<const double* const> rows, std::int64_t count, std::size_t keep, double* out)
{
    nearest_mean(rows, count, keep, out);
}

}  // namespace fedsleuth::analysis
