// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/rules/rule.h"

namespace fedsleuth::analysis {

// The rules that the registry lists; each lives in the file of its name.

[[nodiscard]] const WeightRule& mda_rule();
[[nodiscard]] const WeightRule& monna_rule();
[[nodiscard]] const WeightRule& smea_rule();
[[nodiscard]] const WeightRule& geometric_median_rule();
[[nodiscard]] const WeightRule& centred_clipping_rule();
[[nodiscard]] const WeightRule& norm_clipping_rule();
[[nodiscard]] const WeightRule& fltrust_rule();
[[nodiscard]] const WeightRule& foolsgold_rule();
[[nodiscard]] const WeightRule& flame_rule();
[[nodiscard]] const WeightRule& dnc_rule();
[[nodiscard]] const WeightRule& signguard_rule();
[[nodiscard]] const WeightRule& caf_rule();

[[nodiscard]] const ColumnRule& bulyan_rule();
[[nodiscard]] const ColumnRule& mean_around_median_rule();
[[nodiscard]] const ColumnRule& rsa_rule();

}  // namespace fedsleuth::analysis
