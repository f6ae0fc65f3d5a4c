// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/detection/history.h"

#include <cstddef>
#include <optional>
#include <vector>

namespace fedsleuth::analysis {

/// n × n: how alike clients were, by whichever measure; NaN where it is not known.
using Likeness = std::vector<double>;
/// Of each client, its place in the History; none where it was never seen.
using Places = std::vector<std::optional<std::size_t>>;

/// Mean residual cosines over the whole time, on Fisher's scale.
[[nodiscard]] Likeness likeness_of(const Company& company, const Places& places);

/// Cosines of the clients' leans: like data lean alike.
[[nodiscard]] Likeness lean_likeness(const std::vector<std::vector<double>>& leans, const Places& places);

/// What is left of a likeness when that which like data explain is taken out (a straight line on the likeness of
/// leans): clients with like data may well go the same way, those with unlike data don't unless they share a purpose.
[[nodiscard]] Likeness excess_of(Likeness likeness, const Likeness& explained);

/// Highest, and mean of the three highest, likeness with others, both also against the other clients': four
/// columns of n.
void add_likeness(const Likeness& likeness, std::size_t n, std::vector<std::vector<double>>& columns);

}  // namespace fedsleuth::analysis
