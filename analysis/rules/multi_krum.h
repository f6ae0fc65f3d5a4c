// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/rules/rule.h"

namespace fedsleuth::analysis {

/// The mean of the `keep` updates with the lowest Krum scores (krum_scores.h).
class MultiKrum final : public WeightRule {
public:
    [[nodiscard]] const RuleInfo& info() const override;
    [[nodiscard]] model::Result<RuleWeights> weights(const RoundGeometry& round,
                                                     const RuleSettings& settings) const override;
};

}  // namespace fedsleuth::analysis
