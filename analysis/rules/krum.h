// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/rules/rule.h"

namespace fedsleuth::analysis {

/// The one update whose neighbours are nearest; the lowest index among equals (krum_scores.h says which neighbours).
class Krum final : public WeightRule {
public:
    [[nodiscard]] const RuleInfo& info() const override;
    [[nodiscard]] model::Result<RuleWeights> weights(const RoundGeometry& round,
                                                     const RuleSettings& settings) const override;
};

}  // namespace fedsleuth::analysis
