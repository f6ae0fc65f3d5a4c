// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/rules/rule.h"

namespace fedsleuth::analysis {

/// Σ n_i D_i / Σ n_i with n_i the examples that client i reported (McMahan et al. 2017, algorithm 1).
class FedAvg final : public WeightRule {
public:
    [[nodiscard]] const RuleInfo& info() const override;
    [[nodiscard]] model::Result<RuleWeights> weights(const RoundGeometry& round,
                                                     const RuleSettings& settings) const override;
};

}  // namespace fedsleuth::analysis
