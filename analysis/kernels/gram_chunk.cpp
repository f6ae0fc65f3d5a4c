// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/kernels/gram_chunk.h"

#include "analysis/kernels/gram.h"

#include <algorithm>
#include <array>
#include <new>

namespace fedsleuth::analysis {
namespace {

constexpr auto block_coordinates = static_cast<std::size_t>(gram_block);
constexpr std::size_t panel_rows = 60;  ///< rows of the right side kept in the second cache; a multiple of every side

static_assert(gram_chunk % block_coordinates == 0 && block_coordinates % dot_lanes == 0);

using AlignedDoubles = std::unique_ptr<double[], FreeAligned>;

AlignedDoubles aligned_zeros(std::size_t count)
{
    AlignedDoubles memory(static_cast<double*>(::operator new[](count * sizeof(double), std::align_val_t{64})));
    std::fill_n(memory.get(), count, 0.0);
    return memory;
}

}  // namespace

void FreeAligned::operator()(double* memory) const { ::operator delete[](memory, std::align_val_t{64}); }

/// Some coordinates of all rows, packed for the tile.
class PackedBlock {
public:
    PackedBlock(const DotTile& tile, std::size_t n)
        : tile_(tile), n_(n), memory_(aligned_zeros((n + tile.side - 1) / tile.side * group_size()))
    {
    }

    /// Packs coordinates first … first + count − 1 (count ≤ block_coordinates), with zeros up to a whole lane group.
    void fill(const GramRows& rows, std::int64_t first, std::size_t count)
    {
        rows_ = rows;
        const std::size_t step = dot_lanes * tile_.side;
        const std::size_t whole = count / dot_lanes;
        for (std::size_t row_idx = 0; row_idx < n_; ++row_idx) {
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
        const float* row = part / parts < n_ ? rows_.data + part / parts * rows_.stride + next : rows_.data;
        return reinterpret_cast<const char*>(row) + part % parts * dot_ahead * lane_groups;
    }
    [[nodiscard]] const double* group(std::size_t first_row) const
    {
        return memory_.get() + first_row / tile_.side * group_size();
    }
    [[nodiscard]] std::size_t n() const { return n_; }

private:
    [[nodiscard]] std::size_t group_size() const { return tile_.side * block_coordinates; }

    const DotTile& tile_;
    std::size_t n_;
    GramRows rows_{};
    AlignedDoubles memory_;
};

namespace {

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

}  // namespace

GramChunk::GramChunk(const DotTile& tile, std::size_t n, std::size_t k)
    : tile_(tile), a_(std::make_unique<PackedBlock>(tile, n)), sums_(n * (k != 0 ? k : n))
{
    if (k != 0) b_ = std::make_unique<PackedBlock>(tile, k);
}

GramChunk::~GramChunk() = default;

void GramChunk::clear() { std::fill(sums_.begin(), sums_.end(), 0.0); }

void GramChunk::add(const GramRows& a, const GramRows* b, std::int64_t chunk_first, std::int64_t chunk_end,
                    std::int64_t end)
{
    for (std::int64_t first = chunk_first; first < chunk_end; first += gram_block) {
        const auto count = static_cast<std::size_t>(std::min(gram_block, chunk_end - first));
        a_->fill(a, first, count);
        if (b_) b_->fill(*b, first, count);
        add_block(tile_, *a_, b_ ? *b_ : *a_, count, std::min(first + gram_block, end), !b_, sums_.data());
    }
}

}  // namespace fedsleuth::analysis
