// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>

namespace fedsleuth::analysis {

/// Every inner product is summed in eight partial sums, coordinate c going to sum c mod 8, which are then added as
/// ((0+4)+(1+5)) + ((2+6)+(3+7)). All instruction sets keep to this order, and the product of two float32 is exact in
/// float64, so they agree to the last bit, with fused multiply-add or without.
inline constexpr std::size_t dot_lanes = 8;
inline constexpr std::size_t dot_ahead = 16;  ///< bytes asked for ahead with each lane group

/// The inner products of a few rows with a few others: the register tile of the Gram matrix.
///
/// Rows are packed in groups of `side`, widened to float64: the first eight coordinates of each row of the group, then
/// the next eight, and so on, so that a tile reads two plain streams. Rows that a last group lacks are zeros.
struct DotTile {
    static constexpr std::size_t largest_side = 5;

    using Products = void (*)(const double* a, const double* b, std::size_t lane_groups, const char* ahead,
                              double* products);
    using Widen = void (*)(const float* const* rows, std::size_t count, double* to);

    /// Numbers that a tile's products take: whole registers.
    [[nodiscard]] constexpr std::size_t room() const { return (side * side + 7) / 8 * 8; }

    const char* name;  ///< of the instruction set
    std::size_t side;
    /// products[r · side + c] += ⟨row r of group a, row c of group b⟩; all aligned to 64 bytes. On the way it asks the
    /// memory for dot_ahead · lane_groups bytes from `ahead` on (never read here, so any address will do): spread over
    /// the work like this, the next block arrives for free.
    Products products;
    /// The same for a = b, where only the products with r ≤ c are made.
    Products own_products;
    /// Packs a group: side rows, each of `count` coordinates (the last lane group is filled up with zeros) or null.
    Widen widen;
};

/// Those that this processor can run, the fastest first; the last one runs anywhere.
[[nodiscard]] std::span<const DotTile> dot_tiles();

}  // namespace fedsleuth::analysis
