// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>

namespace fedsleuth::analysis {

inline constexpr std::size_t distance_rows = 4;    ///< rows that are compared at a time with
inline constexpr std::size_t distance_others = 8;  ///< so many others

/// The loops of distance matrices and of the spanning trees over them, for one instruction set. Every sum runs over the
/// coordinates in ascending order, a lane a pair, without fused multiply-add: all instruction sets agree to the bit.
struct DistanceKernel {
    const char* name;
    /// squares[8 · r + k] += |row r − other k|². `others` is packed: coordinate c of other k at [8 · c + k].
    void (*add_squares)(const double* const* rows, const double* others, std::size_t d, double* squares);
    /// One step of Prim's algorithm: reach[p] = min(reach[p], max(newest_core, core[p], row[p])) for all points p;
    /// returns the smallest reach. No NaN.
    double (*relax)(const double* row, const double* core, double newest_core, double* reach, std::size_t n);
};

/// Those that this processor can run, the fastest first; the last one runs anywhere.
[[nodiscard]] std::span<const DistanceKernel> distance_kernels();

}  // namespace fedsleuth::analysis
