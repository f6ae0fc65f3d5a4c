// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/rules/rule.h"

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace fedsleuth::analysis {

/// n weights: those in `members` in proportion to their num_examples, all others 0; they sum to 1. Error
/// invalid_argument where num_examples are not n finite numbers of at least 0, or those of the members are all 0.
[[nodiscard]] model::Result<std::vector<double>> example_weights(const RoundGeometry& round,
                                                                 std::span<const std::size_t> members,
                                                                 std::string_view rule);

/// The same with equal weights.
[[nodiscard]] std::vector<double> equal_weights(std::size_t n, std::span<const std::size_t> members);

}  // namespace fedsleuth::analysis
