// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/rules/pre_aggregation.h"
#include "model/case_store.h"
#include "model/federation.h"
#include "model/progress.h"
#include "model/update.h"
#include "model/update_source.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace fedsleuth::analysis {

/// A rule with its settings; nothing else: the one that the federation declares.
struct ChosenRule {
    std::string name;
    RuleSettings settings;
};

/// The updates of one round that a server can have aggregated: usable ones that it did not turn away.
struct RoundCast {
    model::RoundNo round;
    std::vector<model::ClientId> clients;  ///< n, by id
    std::vector<model::VectorRef> rows;    ///< n
    std::vector<double> num_examples;      ///< n; all 1 where the server weights equally or the numbers are not known
    std::vector<double>
        recorded_weights;  ///< n: what the server really multiplied with; empty where not recorded for all
    bool complete = true;  ///< false: an update that was accepted can't be read, so the rule can't be redone

    [[nodiscard]] std::size_t size() const { return clients.size(); }
};

[[nodiscard]] RoundCast round_cast(const model::Federation& federation, model::RoundNo round,
                                   std::span<const model::Update* const> updates);

/// One rule on some of a round's updates, ready to be applied block by block of coordinates. The result is the step of
/// the global model: the server's learning rate is in it. Weighted means renormalise over who is left (methods: removal
/// for a weighted mean); every other rule is run again on the rest.
class RoundRule {
public:
    /// `members`: indices into the cast, ascending. Errors: not_applicable where nobody is left or the rule needs more
    /// updates; invalid_argument for settings; unsupported for a rule that is not in the registry; those of the doors.
    [[nodiscard]] static model::Result<RoundRule> make(const model::Federation& federation,
                                                       const std::optional<ChosenRule>& chosen, const RoundCast& cast,
                                                       std::vector<std::size_t> members, model::CaseStore& store,
                                                       model::UpdateSource& source, model::Progress& progress);

    /// `values`: n × count, row-major, the whole cast; `previous`: the step of the round before, where uses_previous();
    /// `out`: count.
    [[nodiscard]] model::Result<void> apply(const float* values, std::int64_t count, const double* previous,
                                            double* out) const;
    [[nodiscard]] bool uses_previous() const { return previous_weight_ != 0; }

    [[nodiscard]] const std::vector<double>& weights() const { return weights_; }  ///< n; empty for a column rule
    [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

private:
    model::Result<void> weigh(const WeightRule& rule, const RuleSettings& settings, const RoundCast& cast,
                              model::CaseStore& store, model::UpdateSource& source, model::Progress& progress);
    model::Result<void> choose(const RuleSettings& settings, const RoundCast& cast, model::CaseStore& store,
                               model::UpdateSource& source, model::Progress& progress);

    std::vector<std::size_t> members_;
    std::vector<double> weights_;
    double previous_weight_ = 0;
    const ColumnRule* column_ = nullptr;
    ColumnChoice choice_;
    std::optional<Mixing> mixing_;
    std::vector<std::string> notes_;
    double rate_ = 1;
};

/// The declared rule as the registry knows it. Errors: unsupported for one that is not in the registry, or whose
/// declared parameters it does not take.
[[nodiscard]] model::Result<ChosenRule> declared_rule(const model::Federation& federation);

}  // namespace fedsleuth::analysis
