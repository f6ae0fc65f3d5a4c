// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/kernels/dot_tile.h"
#include "analysis/kernels/gram_with.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace fedsleuth::analysis {

/// Memory on cache-line boundaries: a load across two lines costs two.
struct FreeAligned {
    void operator()(double* memory) const;
};

using AlignedDoubles = std::unique_ptr<double[], FreeAligned>;

/// Coordinates that are packed at a time: the two row groups of a tile lie in the first cache.
inline constexpr std::int64_t gram_block = 512;

class PackedBlock;

/// The inner products of one chunk (at most gram_chunk coordinates), with the scratch that they take: what one worker
/// of add_gram does, for those who walk over the chunks themselves.
class GramChunk {
public:
    /// For n rows with k others, or with k = 0 for n rows among themselves.
    GramChunk(const DotTile& tile, std::size_t n, std::size_t k = 0);
    ~GramChunk();

    void clear();
    /// Adds the products of coordinates first … chunk_end − 1. On the way it asks for the rows up to `end`.
    void add(const GramRows& a, const GramRows* b, std::int64_t first, std::int64_t chunk_end, std::int64_t end);

    /// Once everything is added.
    void finish();
    /// n × k, or n × n of which only the upper triangle is set. Those of the last finish().
    [[nodiscard]] std::span<const double> sums() const { return sums_; }

private:
    template <class Visit>
    void visit_tiles(const Visit& visit) const;

    const DotTile& tile_;
    std::unique_ptr<PackedBlock> a_;
    std::unique_ptr<PackedBlock> b_;
    AlignedDoubles tiles_;  ///< DotTile::room() for each tile
    std::size_t slots_;     ///< of all tiles
    std::vector<double> sums_;
};

}  // namespace fedsleuth::analysis
