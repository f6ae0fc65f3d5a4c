// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/kernels/gram.h"

#include "analysis/kernels/dot_tile.h"
#include "analysis/kernels/gram_with.h"
#include "analysis/kernels/parallel.h"

#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <vector>

namespace fedsleuth::analysis {
namespace {

constexpr std::size_t block_coordinates =
    512;                                ///< packed at a time: the two row groups of a tile lie in the first cache
constexpr std::size_t panel_rows = 60;  ///< rows of the right side kept in the second cache; a multiple of every side

static_assert(gram_chunk % block_coordinates == 0 && block_coordinates % dot_lanes == 0);

/// Memory on cache-line boundaries: a load across two lines costs two.
struct FreeAligned {
    void operator()(double* memory) const { ::operator delete[](memory, std::align_val_t{64}); }
};
using AlignedDoubles = std::unique_ptr<double[], FreeAligned>;

AlignedDoubles aligned_zeros(std::size_t count)
{
    AlignedDoubles memory(static_cast<double*>(::operator new[](count * sizeof(double), std::align_val_t{64})));
    std::fill_n(memory.get(), count, 0.0);
    return memory;
}

/// Some coordinates of all rows, packed for the tile.
class PackedBlock {
public:
    PackedBlock(const DotTile& tile, const GramRows& rows)
        : tile_(tile), rows_(rows), memory_(aligned_zeros((rows.n + tile.side - 1) / tile.side * group_size()))
    {
    }

    /// Packs coordinates first … first + count − 1 (count ≤ block_coordinates), with zeros up to a whole lane group.
    void fill(std::int64_t first, std::size_t count)
    {
        const std::size_t step = dot_lanes * tile_.side;
        const std::size_t whole = count / dot_lanes;
        for (std::size_t row_idx = 0; row_idx < rows_.n; ++row_idx) {
            const float* from = rows_.data + row_idx * rows_.stride + first;
            double* to = memory_.get() + row_idx / tile_.side * group_size() + row_idx % tile_.side * dot_lanes;
            tile_.widen(from, whole, step, to);
            if (whole * dot_lanes == count) continue;
            std::array<float, dot_lanes> rest{};
            std::copy(from + whole * dot_lanes, from + count, rest.begin());
            tile_.widen(rest.data(), 1, step, to + whole * step);
        }
    }
    /// Part `part` of the source of the block at `next`, for tiles of `lane_groups` to ask for ahead; somewhere
    /// harmless once all parts are out.
    [[nodiscard]] const char* ahead(std::int64_t next, std::size_t lane_groups, std::size_t part) const
    {
        const std::size_t parts = (block_coordinates * sizeof(float) - 1) / (dot_ahead * lane_groups) + 1;
        const float* row = part / parts < rows_.n ? rows_.data + part / parts * rows_.stride + next : rows_.data;
        return reinterpret_cast<const char*>(row) + part % parts * dot_ahead * lane_groups;
    }
    [[nodiscard]] const double* group(std::size_t first_row) const
    {
        return memory_.get() + first_row / tile_.side * group_size();
    }
    [[nodiscard]] std::size_t n() const { return rows_.n; }

private:
    [[nodiscard]] std::size_t group_size() const { return tile_.side * block_coordinates; }

    const DotTile& tile_;
    GramRows rows_;
    AlignedDoubles memory_;
};

/// sums (n × k) += A·Bᵀ of two packed blocks; with `upper` only tiles that touch the upper triangle. The block of A at
/// `next` is asked for meanwhile.
void add_block(const DotTile& tile, const PackedBlock& a, const PackedBlock& b, std::size_t count, std::int64_t next,
               bool upper, double* sums)
{
    const std::size_t side = tile.side;
    const std::size_t lane_groups = (count + dot_lanes - 1) / dot_lanes;
    std::array<double, DotTile::largest_side * DotTile::largest_side> products{};
    std::size_t tiles_done = 0;
    for (std::size_t panel = 0; panel < b.n(); panel += panel_rows) {
        const std::size_t panel_end = std::min(b.n(), panel + panel_rows);
        for (std::size_t a_idx = 0; a_idx < (upper ? panel_end : a.n()); a_idx += side) {
            const std::size_t as = std::min(side, a.n() - a_idx);
            for (std::size_t b_idx = upper ? std::max(panel, a_idx) : panel; b_idx < panel_end; b_idx += side) {
                const std::size_t bs = std::min(side, b.n() - b_idx);
                tile.products(a.group(a_idx), b.group(b_idx), lane_groups, a.ahead(next, lane_groups, tiles_done++),
                              products.data());
                for (std::size_t r = 0; r < as; ++r)
                    for (std::size_t c = 0; c < bs; ++c)
                        sums[(a_idx + r) * b.n() + b_idx + c] += products[r * side + c];
            }
        }
    }
}

/// Scratch of one worker. Without `b`, A is multiplied with itself.
struct Workspace {
    Workspace(const DotTile& tile, const GramRows& a_rows, const GramRows* b_rows)
        : a(tile, a_rows), sums(a_rows.n * (b_rows != nullptr ? b_rows->n : a_rows.n))
    {
        if (b_rows != nullptr) b = std::make_unique<PackedBlock>(tile, *b_rows);
    }
    PackedBlock a;
    std::unique_ptr<PackedBlock> b;
    std::vector<double> sums;
};

/// The sums of coordinates chunk_first … chunk_end − 1 of `end`, from zero.
void sum_chunk(const DotTile& tile, Workspace& work, std::int64_t chunk_first, std::int64_t chunk_end, std::int64_t end)
{
    std::fill(work.sums.begin(), work.sums.end(), 0.0);
    for (std::int64_t first = chunk_first; first < chunk_end; first += block_coordinates) {
        const auto count = static_cast<std::size_t>(std::min<std::int64_t>(block_coordinates, chunk_end - first));
        work.a.fill(first, count);
        if (work.b) work.b->fill(first, count);
        const std::int64_t next = std::min<std::int64_t>(first + block_coordinates, end);
        add_block(tile, work.a, work.b ? *work.b : work.a, count, next, !work.b, work.sums.data());
    }
}

void add_upper_to_both(const std::vector<double>& sums, std::size_t n, double* gram)
{
    for (std::size_t row_idx = 0; row_idx < n; ++row_idx) {
        gram[row_idx * n + row_idx] += sums[row_idx * n + row_idx];
        for (std::size_t other_idx = row_idx + 1; other_idx < n; ++other_idx) {
            gram[row_idx * n + other_idx] += sums[row_idx * n + other_idx];
            gram[other_idx * n + row_idx] += sums[row_idx * n + other_idx];
        }
    }
}

}  // namespace

void add_products_with(const DotTile& tile, const GramRows& a, const GramRows* b, std::int64_t count, unsigned threads,
                       double* products)
{
    if (a.n == 0 || (b != nullptr && b->n == 0) || count <= 0) return;
    const auto chunks = static_cast<std::size_t>((count + gram_chunk - 1) / gram_chunk);
    std::vector<std::unique_ptr<Workspace>> workspaces(std::clamp<std::size_t>(threads, 1, chunks));
    const auto compute = [&](std::size_t chunk_idx, std::size_t worker_idx) {
        std::unique_ptr<Workspace>& work = workspaces[worker_idx];
        if (!work) work = std::make_unique<Workspace>(tile, a, b);
        const std::int64_t first = static_cast<std::int64_t>(chunk_idx) * gram_chunk;
        sum_chunk(tile, *work, first, std::min(count, first + gram_chunk), count);
    };
    const auto commit = [&](std::size_t, std::size_t worker_idx) {
        const std::vector<double>& sums = workspaces[worker_idx]->sums;
        if (b == nullptr)
            add_upper_to_both(sums, a.n, products);
        else
            for (std::size_t pair = 0; pair < sums.size(); ++pair) products[pair] += sums[pair];
    };
    parallel_in_order(chunks, threads, compute, commit);
}

void add_gram(const float* rows, std::size_t n, std::size_t stride, std::int64_t count, double* gram, unsigned threads)
{
    add_products_with(dot_tiles().front(), {rows, n, stride}, nullptr, count, threads, gram);
}

void add_products(const float* a, std::size_t n, std::size_t a_stride, const float* b, std::size_t k,
                  std::size_t b_stride, std::int64_t count, double* products, unsigned threads)
{
    const GramRows b_rows{b, k, b_stride};
    add_products_with(dot_tiles().front(), {a, n, a_stride}, &b_rows, count, threads, products);
}

}  // namespace fedsleuth::analysis
