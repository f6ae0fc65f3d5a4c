// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>

namespace fedsleuth::analysis {

inline constexpr std::size_t low_pass_block = 16;

/// The slow half of a vector: each block of 16 values (the last one may be shorter) is projected onto the lower half of
/// its discrete cosine transform (DCT-II, orthonormal; ⌈length / 2⌉ components). `out` is as long as `values`.
///
/// It is a projection P: ⟨x, P y⟩ is the product of the slow halves of x and y, so that of many x only y needs to be
/// transformed.
void low_pass(std::span<const double> values, std::span<double> out);

}  // namespace fedsleuth::analysis
