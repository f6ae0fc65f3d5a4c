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
    std::string_view alias = {};  ///< what implementations call it, where the command line takes that too
};

/// What a rule looks at beside the round's updates.
enum class RuleInput {
    examples,   ///< the clients' numbers of examples
    reference,  ///< the server's own update of the round
    history,    ///< each client's updates of all rounds up to this one, summed
    previous,   ///< the step that the server made in the round before
    model,      ///< the global model that the round started from
    signs,      ///< how many coordinates of each update are positive, zero, negative
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
    std::vector<RuleInput> inputs = {};  ///< that it uses where they are there; what it can't do without, it refuses
};

/// One pre-aggregation by name, with the parameters that it takes.
struct PreSettings {
    std::string name;  ///< "nnm", "bucketing", "clipping", "arc"
    std::map<std::string, double> values = {};
};

/// Values for a rule's parameters, and whose reading of it ("paper", "flower", "byzfl").
struct RuleSettings {
    std::map<std::string, double> values = {};
    std::string variant = "paper";
    std::uint64_t seed = 0;             ///< of everything that the rule draws
    std::vector<PreSettings> pre = {};  ///< what is done to the updates before the rule, in this order
};

/// A vector beside the updates, as far as inner products know it.
struct SideVector {
    std::vector<double> products;  ///< n: ⟨D_i, x⟩
    double square = 0;             ///< |x|²
};

/// A look at chosen coordinates of the updates, for rules that sample them.
class CoordinateSample {
public:
    virtual ~CoordinateSample() = default;
    [[nodiscard]] virtual std::int64_t coordinates() const = 0;  ///< d
    /// n × coords.size() values, row-major; `coords` ascending, each below d. Errors: those of the reader.
    [[nodiscard]] virtual model::Result<std::vector<double>> values(std::span<const std::int64_t> coords) const = 0;
};

/// What a weight rule may look at: the round's geometry. Only the first three members are always there; what else is
/// missing leaves a rule that needs it to refuse, or to do without and say so in its notes.
struct RoundGeometry {
    std::size_t n = 0;
    std::vector<double> gram;          ///< n × n, row-major: ⟨D_i, D_j⟩
    std::vector<double> num_examples;  ///< n; all 1 where the server weights equally
    /// n × n: |D_i − D_j|², where it was taken from the coordinates themselves; else empty, and squared_distances()
    /// makes it of the Gram matrix.
    std::vector<double> distances = {};
    std::optional<SideVector> reference = {};  ///< g₀, the server's own update (FLTrust)
    std::optional<SideVector> previous = {};   ///< v, the step of the round before (centred clipping starts there)
    std::optional<SideVector> model = {};      ///< w, the model that the round started from (FLAME clusters w + D_i)
    std::vector<double> history = {};          ///< n × n: Gram matrix of the clients' summed updates (FoolsGold)
    std::vector<double> signs = {};  ///< n × 3: shares of positive, zero and negative coordinates (SignGuard)
    const CoordinateSample* sample = nullptr;  ///< outlives the geometry
    bool hurried = false;  ///< somebody waits: a rule that tries subsets refuses where that takes more than moments
};

/// |D_i − D_j|², n × n. Those made of the Gram matrix, G_ii + G_jj − 2 G_ij (never below 0), are off by up to about
/// 4·2⁻⁵³·(G_ii + G_jj): two updates of norm 1 that lie nearer than 10⁻⁷ to each other count as copies.
[[nodiscard]] std::vector<double> squared_distances(const RoundGeometry& round);

/// The result is Σ w_i D_i + previous_weight · v, and where noise_deviation is not 0, independent Gaussian noise of
/// that standard deviation on every coordinate.
struct RuleWeights {
    std::vector<double> weights;        ///< n: w_i
    std::vector<std::size_t> selected;  ///< where the rule selects, in order of selection
    std::vector<double> scores;         ///< where the rule scores (lower is more trusted)
    std::vector<std::string> notes;
    std::vector<double> clip_factors = {};  ///< n: what the rule scaled each update by, where it clips
    double previous_weight = 0;             ///< of RoundGeometry::previous (centred clipping)
    double noise_deviation = 0;             ///< FLAME
};

class WeightRule {
public:
    virtual ~WeightRule() = default;
    [[nodiscard]] virtual const RuleInfo& info() const = 0;
    /// Errors: invalid_argument for settings out of range, not_applicable where n is too small for them.
    /// Looks at no `pre`: apply_rule() in pre_aggregation.h does.
    [[nodiscard]] virtual model::Result<RuleWeights> weights(const RoundGeometry& round,
                                                             const RuleSettings& settings) const = 0;
};

/// Whose values go into a column rule's columns.
struct ColumnChoice {
    std::vector<std::size_t> rows;  ///< of the n, in order of selection
    std::vector<double> scores;     ///< n, where the choice scores
    std::vector<std::string> notes;
    RuleSettings settings;  ///< to be handed to apply(): with what was derived from the round filled in
};

/// A rule that works coordinate by coordinate.
class ColumnRule {
public:
    virtual ~ColumnRule() = default;
    [[nodiscard]] virtual const RuleInfo& info() const = 0;
    /// True where the rule looks at the round's geometry to choose the updates whose values it takes (Bulyan).
    [[nodiscard]] virtual bool chooses() const { return false; }
    /// Everyone, unless the rule chooses. The same errors as of a weight rule.
    [[nodiscard]] virtual model::Result<ColumnChoice> choose(const RoundGeometry& round,
                                                             const RuleSettings& settings) const;
    /// `rows`: pointers to `count` coordinates each, of all n updates, or of the chosen ones; `out`: `count` results.
    /// The same errors.
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
