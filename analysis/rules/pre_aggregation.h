// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/rules/rule.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fedsleuth::analysis {

/// What a pre-aggregation makes of n updates: row r of the result is Σ_i matrix[r · n + i] D_i. A linear map, so any
/// weight rule can follow it without another look at the updates.
struct Mixing {
    std::size_t n = 0;
    std::size_t rows = 0;
    std::vector<double> matrix;       ///< rows × n
    std::vector<std::size_t> row_of;  ///< n: the row in which client i is judged (its own, or its bucket's)
    std::vector<std::string> notes;
};

class PreAggregation {
public:
    virtual ~PreAggregation() = default;
    [[nodiscard]] virtual const RuleInfo& info() const = 0;  ///< variants stay empty
    /// `values` completed. Errors: not_applicable where n is too small for them.
    [[nodiscard]] virtual model::Result<Mixing> mix(const RoundGeometry& round,
                                                    const std::map<std::string, double>& values,
                                                    std::uint64_t seed) const = 0;
};

/// nnm, bucketing, clipping, arc: every pre-aggregation, in the order in which they are shown.
[[nodiscard]] std::span<const PreAggregation* const> pre_aggregations();
[[nodiscard]] const PreAggregation* find_pre_aggregation(std::string_view name);

/// All steps of `pre`, one after another, as one map. Errors: not_found, and those of the steps.
[[nodiscard]] model::Result<Mixing> mix_updates(const RoundGeometry& round, std::span<const PreSettings> pre,
                                                std::uint64_t seed);

/// The geometry of the mixed rows. A row's number of examples is the mean of those of the clients that are judged in
/// it; the signs of mixed rows are known only through `sample`.
struct MixedRound {
    RoundGeometry geometry;
    std::unique_ptr<CoordinateSample> sample;  ///< that geometry.sample points to; looks through the original's
};
[[nodiscard]] MixedRound mixed(const RoundGeometry& round, const Mixing& mixing);

/// What a rule says of mixed rows, told of the updates that they were made of: weights and clip factors through the
/// matrix, selection and scores by row_of. The notes of the mixing come first.
[[nodiscard]] RuleWeights told_of_updates(const RuleWeights& of_rows, const Mixing& mixing);

/// The same of a column rule's choice.
[[nodiscard]] ColumnChoice told_of_updates(ColumnChoice of_rows, const Mixing& mixing);

/// The rule with all that settings.pre asks for before it: the one call for everybody who wants a rule's weights.
[[nodiscard]] model::Result<RuleWeights> apply_rule(const WeightRule& rule, const RoundGeometry& round,
                                                    const RuleSettings& settings);

}  // namespace fedsleuth::analysis
