// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/rules/pre_aggregation.h"

#include <cstdint>
#include <span>

namespace fedsleuth::analysis {

/// One block of columns: the rule on the chosen rows as they are, or (mixing not null) on what the mixing makes of all
/// rows. `rows`: pointers to `count` coordinates of each update; `out`: `count` results. Errors: those of the rule.
[[nodiscard]] model::Result<void> apply_column_block(const ColumnRule& rule, const ColumnChoice& choice,
                                                     const Mixing* mixing, std::span<const float* const> rows,
                                                     std::int64_t count, double* out);

}  // namespace fedsleuth::analysis
