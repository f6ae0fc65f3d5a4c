// SPDX-License-Identifier: GPL-3.0-or-later
// Coordinate median and trimmed mean of 100 updates of 1,000,000 float32 coordinates, against selection column by
// column with std::nth_element on the same data, and against reading the matrix once.
#include "analysis/kernels/order_statistics.h"
#include "bench/bench.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

using namespace fedsleuth;

namespace {

constexpr std::size_t clients = 100;
constexpr std::size_t coordinates = 1'000'000;
constexpr std::size_t cut = 20;
constexpr int repeats = 3;

std::vector<float> updates()
{
    std::vector<float> values(clients * coordinates);
    std::uint32_t state = 1;
    for (float& value : values) {
        state = state * 1664525U + 1013904223U;
        value = static_cast<float>(static_cast<std::int32_t>(state)) * 0x1p-31F;
    }
    return values;
}

/// Calls work(column values, coordinate) for every coordinate; blocks of columns are gathered row by row, as the cache
/// wants it.
template <class Work>
void for_each_column(const std::vector<float>& values, const Work& work)
{
    constexpr std::size_t block = 64;
    std::vector<float> columns(block * clients);
    for (std::size_t first = 0; first < coordinates; first += block) {
        const std::size_t count = std::min(block, coordinates - first);
        for (std::size_t row_idx = 0; row_idx < clients; ++row_idx)
            for (std::size_t column = 0; column < count; ++column)
                columns[column * clients + row_idx] = values[row_idx * coordinates + first + column];
        for (std::size_t column = 0; column < count; ++column)
            work(columns.begin() + static_cast<std::ptrdiff_t>(column * clients), first + column);
    }
}

}  // namespace

int main()
{
    const std::vector<float> values = updates();
    std::vector<const float*> rows(clients);
    for (std::size_t row_idx = 0; row_idx < clients; ++row_idx) rows[row_idx] = values.data() + row_idx * coordinates;
    std::vector<double> ours(coordinates);
    std::vector<double> theirs(coordinates);
    const auto median = [&] { analysis::column_median(rows, coordinates, ours.data()); };
    bench::compare(
        "median 100 x 1e6, 1 thread", "std::nth_element per column", repeats, median,
        [&] {
            for_each_column(values, [&](auto column, std::size_t coord_idx) {
                std::nth_element(column, column + clients / 2, column + clients);
                const float lower = *std::max_element(column, column + clients / 2);
                theirs[coord_idx] = (static_cast<double>(lower) + static_cast<double>(column[clients / 2])) / 2;
            });
        },
        0.15);
    bench::compare(
        "trimmed mean 100 x 1e6, 20 a side, 1 thread", "std::nth_element twice per column", repeats,
        [&] { analysis::column_trimmed_mean(rows, coordinates, cut, ours.data()); },
        [&] {
            for_each_column(values, [&](auto column, std::size_t coord_idx) {
                std::nth_element(column, column + cut, column + clients);
                std::nth_element(column + cut, column + clients - cut, column + clients);
                theirs[coord_idx] = std::accumulate(column + cut, column + clients - cut, 0.0) / (clients - 2 * cut);
            });
        },
        0.15);
    float total = 0;
    const auto read_once = [&] {
        float sums[64] = {};
        for (std::size_t k = 0; k < values.size(); k += 64)
            for (std::size_t lane = 0; lane < 64; ++lane) sums[lane] += values[k + lane];
        for (const float sum : sums) total += sum;
    };
    bench::compare("median 100 x 1e6, 1 thread", "reading the matrix once", 3 * repeats, median, read_once, 6.0);
    bench::compare(
        "trimmed mean 100 x 1e6, 20 a side, 1 thread", "reading the matrix once", 3 * repeats,
        [&] { analysis::column_trimmed_mean(rows, coordinates, cut, ours.data()); }, read_once, 6.0);
    return total == 12345.0F ? 1 : 0;
}
