// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/kernels/order_statistics.h"

#include "analysis/kernels/sorting_network.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <new>
#include <numeric>
#include <vector>

namespace fedsleuth::analysis {
namespace {

constexpr std::size_t strips_at_a_time = 8;  ///< 1 KiB of each row in one go: rows lie megabytes apart

struct FreeAligned {
    void operator()(void* memory) const { ::operator delete[](memory, std::align_val_t{64}); }
};

/// (a + b) / 2. Halves of float32 values are exact in float64.
double middle(float a, float b) { return static_cast<double>(a) * 0.5 + static_cast<double>(b) * 0.5; }
double middle(double a, double b) { return std::midpoint(a, b); }

/// The network for columns of n values, and the strips that it runs on.
template <class Real>
class Strips {
public:
    Strips(std::size_t n, std::size_t first_rank, std::size_t last_rank)
        : n_(n),
          network_(sorting_network(n, first_rank, last_rank)),
          memory_(static_cast<Real*>(
              ::operator new[](strips_at_a_time* n* network_lanes<Real> * sizeof(Real), std::align_val_t{64})))
    {
        std::fill_n(memory_.get(), strips_at_a_time * n * network_lanes<Real>, Real{0});
    }

    /// Columns taken from the rows strip by strip, each strip sorted by the network, each handed to `finish(first
    /// column, columns, sorted values)` where rank r of column c is at [r · network_lanes + c].
    template <class Finish>
    void sort(std::span<const Real* const> rows, std::int64_t count, const Finish& finish)
    {
        constexpr std::size_t lanes = network_lanes<Real>;
        const std::size_t strip = n_ * lanes;
        for (std::int64_t first = 0; first < count; first += strips_at_a_time * lanes) {
            const auto width = std::min<std::size_t>(strips_at_a_time * lanes, static_cast<std::size_t>(count - first));
            for (std::size_t row_idx = 0; row_idx < n_; ++row_idx)
                for (std::size_t column = 0; column < width; column += lanes) {
                    const Real* from = rows[row_idx] + first + column;
                    Real* to = memory_.get() + column / lanes * strip + row_idx * lanes;
                    if (width - column >= lanes)
                        std::copy_n(from, lanes, to);  // a length that the compiler knows
                    else
                        std::copy_n(from, width - column, to);
                }
            for (std::size_t column = 0; column < width; column += lanes) {
                Real* values = memory_.get() + column / lanes * strip;
                run_network(network_, values);
                finish(first + static_cast<std::int64_t>(column), std::min(lanes, width - column), values);
            }
        }
    }

private:
    std::size_t n_;
    std::vector<Comparator> network_;
    std::unique_ptr<Real[], FreeAligned> memory_;
};

template <class Real>
Strips<Real> median_strips(std::size_t n)
{
    return n == 0 ? Strips<Real>(0, 0, 0) : Strips<Real>(n, (n - 1) / 2, n / 2);
}

template <class Real>
void median(Strips<Real>& strips, std::span<const Real* const> rows, std::int64_t count, double* out)
{
    const std::size_t n = rows.size();
    if (n == 0) {
        std::fill_n(out, count, std::numeric_limits<double>::quiet_NaN());
        return;
    }
    const std::size_t lower = (n - 1) / 2;
    const std::size_t upper = n / 2;
    strips.sort(rows, count, [&](std::int64_t first, std::size_t columns, const Real* sorted) {
        for (std::size_t column = 0; column < columns; ++column)
            out[first + static_cast<std::int64_t>(column)] =
                middle(sorted[lower * network_lanes<Real> + column], sorted[upper * network_lanes<Real> + column]);
    });
}

template <class Real>
void trimmed_mean(std::span<const Real* const> rows, std::int64_t count, std::size_t cut, double* out)
{
    const std::size_t n = rows.size();
    if (n <= 2 * cut) {
        std::fill_n(out, count, std::numeric_limits<double>::quiet_NaN());
        return;
    }
    const auto kept = static_cast<double>(n - 2 * cut);
    Strips<Real>(n, cut, n - cut - 1)
        .sort(rows, count, [&](std::int64_t first, std::size_t columns, const Real* sorted) {
            double sums[network_lanes<Real>] = {};
            for (std::size_t rank = cut; rank < n - cut; ++rank)
                for (std::size_t column = 0; column < network_lanes<Real>; ++column)
                    sums[column] += static_cast<double>(sorted[rank * network_lanes<Real> + column]);
            for (std::size_t column = 0; column < columns; ++column)
                out[first + static_cast<std::int64_t>(column)] = sums[column] / kept;
        });
}

template <class Real>
void sort_columns(std::span<const Real* const> rows, std::int64_t count, Real* out)
{
    const std::size_t n = rows.size();
    if (n == 0) return;
    Strips<Real>(n, 0, n - 1).sort(rows, count, [&](std::int64_t first, std::size_t columns, const Real* sorted) {
        for (std::size_t rank = 0; rank < n; ++rank)
            std::copy_n(sorted + rank * network_lanes<Real>, columns,
                        out + static_cast<std::int64_t>(rank) * count + first);
    });
}

}  // namespace

void column_median(std::span<const float* const> rows, std::int64_t count, double* out)
{
    Strips<float> strips = median_strips<float>(rows.size());
    median(strips, rows, count, out);
}

void column_median(std::span<const double* const> rows, std::int64_t count, double* out)
{
    Strips<double> strips = median_strips<double>(rows.size());
    median(strips, rows, count, out);
}

struct ColumnMedian::Inside {
    Strips<float> strips;
};

ColumnMedian::ColumnMedian(std::size_t n) : inside_(std::make_unique<Inside>(Inside{median_strips<float>(n)})) {}

ColumnMedian::~ColumnMedian() = default;

void ColumnMedian::take(std::span<const float* const> rows, std::int64_t count, double* out)
{
    median(inside_->strips, rows, count, out);
}

void column_trimmed_mean(std::span<const float* const> rows, std::int64_t count, std::size_t cut, double* out)
{
    trimmed_mean(rows, count, cut, out);
}

void column_trimmed_mean(std::span<const double* const> rows, std::int64_t count, std::size_t cut, double* out)
{
    trimmed_mean(rows, count, cut, out);
}

void column_sort(std::span<const float* const> rows, std::int64_t count, float* sorted)
{
    sort_columns(rows, count, sorted);
}

void column_sort(std::span<const double* const> rows, std::int64_t count, double* sorted)
{
    sort_columns(rows, count, sorted);
}

}  // namespace fedsleuth::analysis
