// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace fedsleuth::analysis {

// Distance matrices (n × n, row-major, symmetric, zero diagonal) of n rows of d float64 coordinates, row-major. All are
// made from differences of coordinates, never from |x|² + |y|² − 2⟨x, y⟩, so the distances between near-copies keep
// their digits (relative error about d·2⁻⁵³). Rows with a NaN or an infinity give NaN.

/// |x − y|².
[[nodiscard]] std::vector<double> squared_euclidean_distances(std::span<const double> rows, std::size_t n,
                                                              std::size_t d);

/// |x − y|, summed over the coordinates in ascending order.
[[nodiscard]] std::vector<double> euclidean_distances(std::span<const double> rows, std::size_t n, std::size_t d);

/// 1 − cos(x, y) in [0, 2], as |x/|x| − y/|y||² / 2. A row of zeros has no direction: its distance to every other row
/// is 1.
[[nodiscard]] std::vector<double> cosine_distances(std::span<const double> rows, std::size_t n, std::size_t d);

}  // namespace fedsleuth::analysis
