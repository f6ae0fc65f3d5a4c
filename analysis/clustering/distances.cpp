// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/clustering/distances.h"

#include "analysis/kernels/distance_kernel.h"
#include "analysis/kernels/parallel.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace fedsleuth::analysis {
namespace {

constexpr std::size_t coordinates_at_a_time = 1024;  ///< what is packed in one go: a model has millions

/// Coordinates first … first + count − 1 of all rows in groups of distance_others, packed as the kernel reads them;
/// what the last group lacks are zeros.
void pack(std::span<const double> rows, std::size_t n, std::size_t d, std::size_t first, std::size_t count,
          std::vector<double>& packed)
{
    packed.assign((n + distance_others - 1) / distance_others * distance_others * count, 0.0);
    for (std::size_t row_idx = 0; row_idx < n; ++row_idx) {
        double* to = packed.data() + row_idx / distance_others * distance_others * count + row_idx % distance_others;
        for (std::size_t coord_idx = 0; coord_idx < count; ++coord_idx)
            to[distance_others * coord_idx] = rows[row_idx * d + first + coord_idx];
    }
}

/// Adds `count` coordinates to the squares of `row_count` (at most distance_rows) rows from first_row on, from the
/// group with the diagonal on. `rows` is at the first of the coordinates.
void add_to_rows(const DistanceKernel& kernel, const double* rows, std::size_t d, const std::vector<double>& packed,
                 std::size_t count, std::size_t n, std::size_t first_row, std::size_t row_count, double* squares)
{
    std::array<const double*, distance_rows> some{};
    for (std::size_t r = 0; r < distance_rows; ++r) some[r] = rows + (first_row + std::min(r, row_count - 1)) * d;
    std::array<double, distance_rows * distance_others> tile{};
    for (std::size_t first = first_row / distance_others * distance_others; first < n; first += distance_others) {
        const std::size_t others = std::min(distance_others, n - first);
        for (std::size_t r = 0; r < row_count; ++r)
            std::copy_n(squares + (first_row + r) * n + first, others, tile.data() + r * distance_others);
        kernel.add_squares(some.data(), packed.data() + first * count, count, tile.data());
        for (std::size_t r = 0; r < row_count; ++r)
            std::copy_n(tile.data() + r * distance_others, others, squares + (first_row + r) * n + first);
    }
}

/// Copies the upper triangle of n × n to the lower part of rows first … end − 1, block by block as the cache wants it.
void mirror(double* matrix, std::size_t n, std::size_t first, std::size_t end)
{
    constexpr std::size_t side = 32;
    for (std::size_t left = 0; left < end; left += side)
        for (std::size_t row_idx = first; row_idx < end; ++row_idx)
            for (std::size_t column = left; column < std::min(left + side, row_idx); ++column)
                matrix[row_idx * n + column] = matrix[column * n + row_idx];
    for (std::size_t row_idx = first; row_idx < end; ++row_idx) matrix[row_idx * n + row_idx] = 0;
}

}  // namespace

std::vector<double> squared_euclidean_distances(std::span<const double> rows, std::size_t n, std::size_t d)
{
    std::vector<double> squares(n * n, 0.0);
    const DistanceKernel& kernel = distance_kernels().front();
    const unsigned threads = n * n < 1'000'000 / std::max<std::size_t>(d, 1) ? 1 : hardware_threads();
    constexpr std::size_t band = 32;  // rows that a thread takes
    const std::size_t bands = (n + band - 1) / band;
    std::vector<double> packed;
    for (std::size_t first = 0; first < d; first += coordinates_at_a_time) {
        const std::size_t count = std::min(coordinates_at_a_time, d - first);
        pack(rows, n, d, first, count, packed);
        parallel_for(bands, threads, [&](std::size_t band_idx) {
            const std::size_t end = std::min(n, (band_idx + 1) * band);
            for (std::size_t row_idx = band_idx * band; row_idx < end; row_idx += distance_rows)
                add_to_rows(kernel, rows.data() + first, d, packed, count, n, row_idx,
                            std::min(distance_rows, end - row_idx), squares.data());
        });
    }
    parallel_for(bands, threads, [&](std::size_t band_idx) {
        mirror(squares.data(), n, band_idx * band, std::min(n, (band_idx + 1) * band));
    });
    return squares;
}

std::vector<double> euclidean_distances(std::span<const double> rows, std::size_t n, std::size_t d)
{
    std::vector<double> distances = squared_euclidean_distances(rows, n, d);
    for (double& distance : distances) distance = std::sqrt(distance);
    return distances;
}

std::vector<double> cosine_distances(std::span<const double> rows, std::size_t n, std::size_t d)
{
    std::vector<double> directions(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(n * d));
    std::vector<char> has_direction(n, 0);
    for (std::size_t row_idx = 0; row_idx < n; ++row_idx) {
        const std::span<double> row(directions.data() + row_idx * d, d);
        // Scaled by the largest entry first: squares of very large or very small entries leave the range of a double.
        double largest = 0;
        bool finite = true;
        for (const double value : row) {
            largest = std::max(largest, std::abs(value));
            finite = finite && std::isfinite(value);
        }
        if (!finite) largest = std::numeric_limits<double>::quiet_NaN();
        if (largest == 0.0) continue;
        has_direction[row_idx] = 1;
        double square = 0;
        for (double& value : row) {
            value /= largest;
            square += value * value;
        }
        const double norm = std::sqrt(square);
        for (double& value : row) value /= norm;
    }
    std::vector<double> distances = squared_euclidean_distances(directions, n, d);
    for (std::size_t row_idx = 0; row_idx < n; ++row_idx)
        for (std::size_t other_idx = 0; other_idx < n; ++other_idx) {
            double& distance = distances[row_idx * n + other_idx];
            if (row_idx == other_idx)
                distance = 0;
            else if (!has_direction[row_idx] || !has_direction[other_idx])
                distance = 1;
            else
                distance = std::isnan(distance) ? distance : std::min(2.0, distance / 2);
        }
    return distances;
}

}  // namespace fedsleuth::analysis
