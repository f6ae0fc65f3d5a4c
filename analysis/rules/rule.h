// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/result.h"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fedsleuth::analysis {

/// One parameter of a rule, as data: the command line's help and the desktop's form are both made from it.
struct ParameterInfo {
    std::string_view name;
    std::string_view meaning;
    double minimum = 0;
    double maximum = 0;
    std::optional<double> standard;  ///< the default; none: has to be given, or is derived (the meaning says how)
    bool integer = false;
};

struct RuleInfo {
    std::string_view name;   ///< "multi-krum"
    std::string_view title;  ///< "Multi-Krum"
    std::string_view meaning;
    std::string_view paper;
    std::string_view breakdown;  ///< how many malicious clients it bears, for people
    std::vector<ParameterInfo> parameters;
    std::vector<std::string_view> variants;  ///< "paper" first
    bool by_weights = true;                  ///< a WeightRule; else a ColumnRule
};

/// Values for a rule's parameters, and whose reading of it ("paper", "flower", "byzfl").
struct RuleSettings {
    std::map<std::string, double> values;
    std::string variant = "paper";
};

/// What a weight rule may look at: the round's geometry, no coordinates.
struct RoundGeometry {
    std::size_t n = 0;
    std::span<const double> gram;          ///< n × n, row-major: ⟨D_i, D_j⟩
    std::span<const double> num_examples;  ///< n; all 1 where the server weights equally
    /// n × n: |D_i − D_j|², where it was taken from the coordinates themselves; else empty, and squared_distances()
    /// makes it of the Gram matrix.
    std::span<const double> distances = {};
};

/// |D_i − D_j|², n × n. Those made of the Gram matrix, G_ii + G_jj − 2 G_ij (never below 0), are off by up to about
/// 4·2⁻⁵³·(G_ii + G_jj): two updates of norm 1 that lie nearer than 10⁻⁷ to each other count as copies.
[[nodiscard]] std::vector<double> squared_distances(const RoundGeometry& round);

struct RuleWeights {
    std::vector<double> weights;         ///< n: the result is Σ w_i D_i
    std::vector<std::size_t> selected;   ///< where the rule selects, in order of selection
    std::vector<double> scores;          ///< where the rule scores (lower is more trusted)
    std::vector<std::string> notes;
};

class WeightRule {
public:
    virtual ~WeightRule() = default;
    [[nodiscard]] virtual const RuleInfo& info() const = 0;
    /// Errors: invalid_argument for settings out of range, not_applicable where n is too small for them.
    [[nodiscard]] virtual model::Result<RuleWeights> weights(const RoundGeometry& round,
                                                             const RuleSettings& settings) const = 0;
};

/// A rule that works coordinate by coordinate.
class ColumnRule {
public:
    virtual ~ColumnRule() = default;
    [[nodiscard]] virtual const RuleInfo& info() const = 0;
    /// `rows`: n pointers to `count` coordinates each; `out`: `count` results. The same errors.
    [[nodiscard]] virtual model::Result<void> apply(std::span<const float* const> rows, std::int64_t count,
                                                    const RuleSettings& settings, double* out) const = 0;
    [[nodiscard]] virtual model::Result<void> apply(std::span<const double* const> rows, std::int64_t count,
                                                    const RuleSettings& settings, double* out) const = 0;
    /// What to tell the reader about this n and these settings (a fall-back, say); empty: nothing.
    [[nodiscard]] virtual std::vector<std::string> notes(std::size_t n, const RuleSettings& settings) const = 0;
};

/// Every rule, in the order in which they are shown.
[[nodiscard]] std::span<const WeightRule* const> weight_rules();
[[nodiscard]] std::span<const ColumnRule* const> column_rules();
[[nodiscard]] std::vector<const RuleInfo*> all_rules();
[[nodiscard]] const WeightRule* find_weight_rule(std::string_view name);
[[nodiscard]] const ColumnRule* find_column_rule(std::string_view name);

/// Checks variant, names, ranges and integers of `settings` against `info` and fills in the defaults; parameters
/// without a standard stay absent where they were not given. Error invalid_argument.
[[nodiscard]] model::Result<RuleSettings> complete(const RuleInfo& info, const RuleSettings& settings);

}  // namespace fedsleuth::analysis
