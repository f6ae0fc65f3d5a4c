// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace fedsleuth::analysis {

struct Subset {
    std::vector<std::size_t> members;  ///< ascending
    double diameter = 0;               ///< largest distance within
    bool exact = true;
};

/// `keep` of n points (1 ≤ keep ≤ n) with the least diameter under an n × n symmetric distance matrix; among equals the
/// first in lexicographic order. Branch and bound: bisection over the n² distances, each asking whether n − keep points
/// cover all pairs that are further apart. Gives up (exact = false) after `node_limit` branches and then answers with
/// the neighbourhood whose furthest member is nearest to its centre, at most twice as wide.
[[nodiscard]] Subset least_diameter(std::span<const double> distances, std::size_t n, std::size_t keep,
                                    std::size_t node_limit);

}  // namespace fedsleuth::analysis
