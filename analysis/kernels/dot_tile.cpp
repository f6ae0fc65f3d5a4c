// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/kernels/dot_tile.h"

#include <algorithm>
#include <vector>

namespace fedsleuth::analysis {
namespace {

#if defined(__x86_64__)

// 25 sums, five rows and one load: 31 of 32 registers, and 10 loads for 25 multiply-adds.
namespace avx512 {
#define FEDSLEUTH_TARGET __attribute__((target("avx512f,avx2,fma")))
#define FEDSLEUTH_WIDTH 8
#define FEDSLEUTH_SIDE 5
#include "analysis/kernels/dot_tile_body.inc"
#undef FEDSLEUTH_SIDE
#undef FEDSLEUTH_WIDTH
#undef FEDSLEUTH_TARGET
}  // namespace avx512

// Nine sums, enough to hide the latency of a multiply-add, in 13 of 16 registers.
namespace avx2 {
#define FEDSLEUTH_TARGET __attribute__((target("avx2,fma")))
#define FEDSLEUTH_WIDTH 4
#define FEDSLEUTH_SIDE 3
#include "analysis/kernels/dot_tile_body.inc"
#undef FEDSLEUTH_SIDE
#undef FEDSLEUTH_WIDTH
#undef FEDSLEUTH_TARGET
}  // namespace avx2

#endif

namespace portable {
#define FEDSLEUTH_TARGET
#define FEDSLEUTH_WIDTH 2
#define FEDSLEUTH_SIDE 3
#include "analysis/kernels/dot_tile_body.inc"
#undef FEDSLEUTH_SIDE
#undef FEDSLEUTH_WIDTH
#undef FEDSLEUTH_TARGET
}  // namespace portable

std::vector<DotTile> supported_tiles()
{
    std::vector<DotTile> tiles;
#if defined(__x86_64__)
    __builtin_cpu_init();
    const bool has_avx2 = __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
    if (has_avx2 && __builtin_cpu_supports("avx512f") != 0)
        tiles.push_back({"avx512", 5, avx512::products<false>, avx512::products<true>, avx512::widen});
    if (has_avx2) tiles.push_back({"avx2", 3, avx2::products<false>, avx2::products<true>, avx2::widen});
#endif
    tiles.push_back({"portable", 3, portable::products<false>, portable::products<true>, portable::widen});
    return tiles;
}

}  // namespace

std::span<const DotTile> dot_tiles()
{
    static const std::vector<DotTile> tiles = supported_tiles();
    return tiles;
}

}  // namespace fedsleuth::analysis
