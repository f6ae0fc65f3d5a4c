// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/kernels/dot_tile.h"

#include <cstddef>
#include <cstdint>

namespace fedsleuth::analysis {

/// n float32 rows, `stride` apart.
struct GramRows {
    const float* data;
    std::size_t n;
    std::size_t stride;
};

/// What add_gram (b: null) and add_products do, with the tile of a chosen instruction set: for the tests, which hold
/// them against each other.
void add_products_with(const DotTile& tile, const GramRows& a, const GramRows* b, std::int64_t count, unsigned threads,
                       double* products);

}  // namespace fedsleuth::analysis
