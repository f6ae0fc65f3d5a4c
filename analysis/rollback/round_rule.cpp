// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rollback/round_rule.h"

#include "analysis/kernels/parallel.h"
#include "analysis/rules/column_block.h"
#include "analysis/rules/round_inputs.h"

#include <algorithm>
#include <cmath>

namespace fedsleuth::analysis {

using model::ErrorCode;
using model::fail;

namespace {

constexpr std::int64_t column_block = 4096;  ///< coordinates that a thread takes at a time

std::string where_of(model::RoundNo round) { return "round " + std::to_string(round.value()); }

/// Weights that the server recorded, or proportions of examples, renormalised over who is left.
model::Result<std::vector<double>> mean_weights(const RoundCast& cast, std::span<const std::size_t> members)
{
    const bool recorded = !cast.recorded_weights.empty();
    const std::vector<double>& all = recorded ? cast.recorded_weights : cast.num_examples;
    double total = 0, kept = 0;
    for (const double weight : all) total += weight;
    for (const std::size_t client_idx : members) kept += all[client_idx];
    if (!(kept > 0) || !std::isfinite(kept))
        return fail(ErrorCode::not_applicable, "Those who are left have no weight", where_of(cast.round));
    // Recorded weights are what the server multiplied with, whatever their sum; examples are only proportions.
    const double scale = (recorded ? total : 1.0) / kept;
    std::vector<double> weights(cast.size(), 0.0);
    for (const std::size_t client_idx : members) weights[client_idx] = all[client_idx] * scale;
    return weights;
}

/// Those who are left, as the rules' inputs are made of them.
Participants participants_of(const RoundCast& cast, std::span<const std::size_t> members)
{
    Participants who;
    who.round = cast.round;
    for (const std::size_t client_idx : members) {
        who.clients.push_back(cast.clients[client_idx]);
        who.rows.push_back(cast.rows[client_idx]);
        who.num_examples.push_back(cast.num_examples[client_idx]);
    }
    return who;
}

}  // namespace

RoundCast round_cast(const model::Federation& federation, model::RoundNo round,
                     std::span<const model::Update* const> updates)
{
    RoundCast cast;
    cast.round = round;
    bool counted = true, recorded = true, any_recorded = false;
    for (const model::Update* update : updates) {
        if (update->reference || update->accepted == false) continue;
        if (!update->usable()) {
            cast.complete = false;
            continue;
        }
        cast.clients.push_back(update->client);
        cast.rows.push_back({model::VectorRef::Kind::update, round, update->client});
        const auto examples = static_cast<double>(update->num_examples.value_or(-1));
        counted = counted && examples >= 0;
        cast.num_examples.push_back(examples);
        recorded = recorded && update->weight.has_value();
        any_recorded = any_recorded || update->weight.has_value();
        cast.recorded_weights.push_back(update->weight.value_or(0));
    }
    const bool some = std::any_of(cast.num_examples.begin(), cast.num_examples.end(), [](double n) { return n > 0; });
    if (federation.aggregation.weighted_by == model::Weighting::equal || !counted || !some)
        cast.num_examples.assign(cast.size(), 1.0);
    if (!recorded || !any_recorded) cast.recorded_weights.clear();
    return cast;
}

model::Result<ChosenRule> declared_rule(const model::Federation& federation)
{
    const model::Aggregation& declared = federation.aggregation;
    ChosenRule rule{declared.rule, {}};
    const WeightRule* by_weights = find_weight_rule(rule.name);
    const ColumnRule* by_columns = find_column_rule(rule.name);
    if (by_weights == nullptr && by_columns == nullptr)
        return fail(ErrorCode::unsupported, "The declared rule '" + rule.name + "' can't be run again here");
    const RuleInfo& info = by_weights != nullptr ? by_weights->info() : by_columns->info();
    for (const ParameterInfo& parameter : info.parameters) {
        const auto found = declared.parameters.find(std::string(parameter.name));
        if (found != declared.parameters.end()) rule.settings.values.insert(*found);
    }
    if (auto settings = complete(info, rule.settings); !settings)
        return fail(ErrorCode::unsupported, "The declared rule can't be run again: " + settings.error().text());
    return rule;
}

model::Result<RoundRule> RoundRule::make(const model::Federation& federation, const std::optional<ChosenRule>& chosen,
                                         const RoundCast& cast, std::vector<std::size_t> members,
                                         model::CaseStore& store, model::UpdateSource& source,
                                         model::Progress& progress)
{
    if (members.empty()) return fail(ErrorCode::not_applicable, "No update is left", where_of(cast.round));
    ChosenRule rule;
    if (chosen)
        rule = *chosen;
    else {
        FEDSLEUTH_TRY(rule, declared_rule(federation));
    }
    RoundRule made;
    made.rate_ = federation.aggregation.server_learning_rate;
    made.members_ = std::move(members);
    made.column_ = find_column_rule(rule.name);
    const WeightRule* by_weights = find_weight_rule(rule.name);
    if (made.column_ == nullptr && by_weights == nullptr)
        return fail(ErrorCode::unsupported, "There is no rule '" + rule.name + "'");
    if (rule.name == "fedavg" && rule.settings.pre.empty()) {
        FEDSLEUTH_TRY(made.weights_, mean_weights(cast, made.members_));
    } else if (by_weights != nullptr) {
        FEDSLEUTH_CHECK(made.weigh(*by_weights, rule.settings, cast, store, source, progress));
    } else {
        FEDSLEUTH_CHECK(made.choose(rule.settings, cast, store, source, progress));
    }
    return made;
}

model::Result<void> RoundRule::weigh(const WeightRule& rule, const RuleSettings& settings, const RoundCast& cast,
                                     model::CaseStore& store, model::UpdateSource& source, model::Progress& progress)
{
    const Participants who = participants_of(cast, members_);
    FEDSLEUTH_TRY(const std::int64_t d, source.coordinates());
    FEDSLEUTH_TRY(RoundGeometry geometry, case_geometry(store, source, who, rule.info().inputs, d, progress));
    const SourceSample sample(source, who.rows, d, progress);
    geometry.sample = &sample;
    FEDSLEUTH_TRY(RuleWeights how, apply_rule(rule, geometry, settings));
    weights_.assign(cast.size(), 0.0);
    for (std::size_t row = 0; row < members_.size(); ++row) weights_[members_[row]] = how.weights[row];
    previous_weight_ = how.previous_weight;
    notes_ = std::move(how.notes);
    if (how.noise_deviation > 0) notes_.emplace_back("The noise that the rule adds is left out.");
    return {};
}

model::Result<void> RoundRule::choose(const RuleSettings& settings, const RoundCast& cast, model::CaseStore& store,
                                      model::UpdateSource& source, model::Progress& progress)
{
    const Participants who = participants_of(cast, members_);
    FEDSLEUTH_TRY(const std::int64_t d, source.coordinates());
    RoundGeometry geometry{.n = who.clients.size(), .gram = {}, .num_examples = who.num_examples};
    if (column_->chooses() || !settings.pre.empty()) {
        FEDSLEUTH_TRY(geometry, case_geometry(store, source, who, column_->info().inputs, d, progress));
    }
    if (!settings.pre.empty()) {
        FEDSLEUTH_TRY(mixing_, mix_updates(geometry, settings.pre, settings.seed));
        geometry = mixed(geometry, *mixing_).geometry;
    }
    FEDSLEUTH_TRY(choice_, column_->choose(geometry, settings));
    notes_ = column_->notes(geometry.n, settings);
    notes_.insert(notes_.end(), choice_.notes.begin(), choice_.notes.end());
    return {};
}

model::Result<void> RoundRule::apply(const float* values, std::int64_t count, const double* previous, double* out) const
{
    const auto blocks = static_cast<std::size_t>((count + column_block - 1) / column_block);
    std::vector<model::Result<void>> outcomes(blocks);
    parallel_for(blocks, hardware_threads(), [&](std::size_t block_idx) {
        const std::int64_t start = static_cast<std::int64_t>(block_idx) * column_block;
        const std::int64_t width = std::min(column_block, count - start);
        std::vector<const float*> rows;
        for (const std::size_t client_idx : members_)
            rows.push_back(values + static_cast<std::int64_t>(client_idx) * count + start);
        if (column_ != nullptr) {
            outcomes[block_idx] =
                apply_column_block(*column_, choice_, mixing_ ? &*mixing_ : nullptr, rows, width, out + start);
        } else {
            std::fill_n(out + start, width, 0.0);
            for (std::size_t row = 0; row < rows.size(); ++row) {
                const double weight = weights_[members_[row]];
                if (weight == 0.0) continue;
                for (std::int64_t coord_idx = 0; coord_idx < width; ++coord_idx)
                    out[start + coord_idx] += weight * static_cast<double>(rows[row][coord_idx]);
            }
            if (uses_previous() && previous != nullptr)  // a step, with the rate in it; the rule knows updates
                for (std::int64_t coord_idx = 0; coord_idx < width; ++coord_idx)
                    out[start + coord_idx] += previous_weight_ * previous[start + coord_idx];
        }
        if (rate_ != 1.0)
            for (std::int64_t coord_idx = 0; coord_idx < width; ++coord_idx) out[start + coord_idx] *= rate_;
    });
    for (model::Result<void>& outcome : outcomes)
        if (!outcome) return outcome;
    return {};
}

}  // namespace fedsleuth::analysis
