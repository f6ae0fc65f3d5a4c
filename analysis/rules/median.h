// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/rules/rule.h"

namespace fedsleuth::analysis {

/// The median of each coordinate; of an even number of clients the mean of the two middle ones.
class Median final : public ColumnRule {
public:
    [[nodiscard]] const RuleInfo& info() const override;
    [[nodiscard]] model::Result<void> apply(std::span<const float* const> rows, std::int64_t count,
                                            const RuleSettings& settings, double* out) const override;
    [[nodiscard]] model::Result<void> apply(std::span<const double* const> rows, std::int64_t count,
                                            const RuleSettings& settings, double* out) const override;
    [[nodiscard]] std::vector<std::string> notes(std::size_t n, const RuleSettings& settings) const override;
};

}  // namespace fedsleuth::analysis
