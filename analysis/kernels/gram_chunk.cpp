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

    /// What the groups are packed from: coordinates first … first + count − 1 (count ≤ block_coordinates).
    void start(const GramRows& rows, std::int64_t first, std::size_t count)
    {
        rows_ = rows;
        first_ = first;
        count_ = count;
    }
    /// Packs the group that begins with a row, with zeros up to a whole lane group.
    void fill(std::size_t first_row)
    {
        std::array<const float*, DotTile::largest_side> group{};
        for (std::size_t r = 0; r < std::min(tile_.side, n_ - first_row); ++r)
            group[r] = rows_.data + (first_row + r) * rows_.stride + first_;
        tile_.widen(group.data(), count_, memory_.get() + first_row / tile_.side * group_size());
    }
    void fill_all()
    {
        for (std::size_t row_idx = 0; row_idx < n_; row_idx += tile_.side) fill(row_idx);
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
    std::int64_t first_ = 0;
    std::size_t count_ = 0;
    AlignedDoubles memory_;
};

namespace {

/// Calls visit(a_idx, b_idx) for the first rows of every tile of an n × k matrix, a panel of columns after the other.
template <class Visit>
void for_each_tile(std::size_t side, std::size_t n, std::size_t k, const Visit& visit)
{
    for (std::size_t panel = 0; panel < k; panel += panel_rows)
        for (std::size_t a_idx = 0; a_idx < n; a_idx += side)
            for (std::size_t b_idx = panel; b_idx < std::min(k, panel + panel_rows); b_idx += side) visit(a_idx, b_idx);
}

/// The same for the tiles of an n × n matrix that touch the upper triangle. That of a group with itself comes before
/// all others of the group.
template <class Visit>
void for_each_upper_tile(std::size_t side, std::size_t n, const Visit& visit)
{
    for (std::size_t panel = 0; panel < n; panel += panel_rows) {
        const std::size_t panel_end = std::min(n, panel + panel_rows);
        for (std::size_t b_idx = panel; b_idx < panel_end; b_idx += side) {
            visit(b_idx, b_idx);
            for (std::size_t a_idx = panel; a_idx < b_idx; a_idx += side) visit(a_idx, b_idx);
        }
        for (std::size_t a_idx = 0; a_idx < panel; a_idx += side)
            for (std::size_t b_idx = panel; b_idx < panel_end; b_idx += side) visit(a_idx, b_idx);
    }
}

}  // namespace

/// In the order of their products in tiles_.
template <class Visit>
void GramChunk::visit_tiles(const Visit& visit) const
{
    if (b_)
        for_each_tile(tile_.side, a_->n(), b_->n(), visit);
    else
        for_each_upper_tile(tile_.side, a_->n(), visit);
}

GramChunk::GramChunk(const DotTile& tile, std::size_t n, std::size_t k)
    : tile_(tile), a_(std::make_unique<PackedBlock>(tile, n)), slots_(0), sums_(n * (k != 0 ? k : n))
{
    if (k != 0) b_ = std::make_unique<PackedBlock>(tile, k);
    visit_tiles([&](std::size_t, std::size_t) { slots_ += tile_.room(); });
    tiles_ = aligned_zeros(slots_);
}

GramChunk::~GramChunk() = default;

void GramChunk::clear() { std::fill_n(tiles_.get(), slots_, 0.0); }

void GramChunk::finish()
{
    const std::size_t n = a_->n();
    const std::size_t k = b_ ? b_->n() : n;
    const double* products = tiles_.get();
    visit_tiles([&](std::size_t a_idx, std::size_t b_idx) {
        for (std::size_t r = 0; r < std::min(tile_.side, n - a_idx); ++r)
            std::copy_n(products + r * tile_.side, std::min(tile_.side, k - b_idx),
                        sums_.data() + (a_idx + r) * k + b_idx);
        products += tile_.room();
    });
}

void GramChunk::add(const GramRows& a, const GramRows* b, std::int64_t chunk_first, std::int64_t chunk_end,
                    std::int64_t end)
{
    for (std::int64_t first = chunk_first; first < chunk_end; first += gram_block) {
        const auto count = static_cast<std::size_t>(std::min(gram_block, chunk_end - first));
        const std::size_t lane_groups = (count + dot_lanes - 1) / dot_lanes;
        const std::int64_t next = std::min(first + gram_block, end);
        a_->start(a, first, count);
        if (b_) {
            b_->start(*b, first, count);
            a_->fill_all();
            b_->fill_all();
        }
        const PackedBlock& right = b_ ? *b_ : *a_;
        double* products = tiles_.get();
        std::size_t tiles_done = 0;
        visit_tiles([&](std::size_t a_idx, std::size_t b_idx) {
            const bool own = !b_ && a_idx == b_idx;
            if (own) a_->fill(a_idx);  // just before it is used: still in the first cache
            (own ? tile_.own_products : tile_.products)(a_->group(a_idx), right.group(b_idx), lane_groups,
                                                        a_->ahead(next, lane_groups, tiles_done++), products);
            products += tile_.room();
        });
    }
}

}  // namespace fedsleuth::analysis
