// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/kernels/parallel.h"
#include "analysis/rules/aggregate.h"
#include "analysis/rules/column_block.h"
#include "analysis/rules/noise.h"
#include "analysis/rules/pre_aggregation.h"
#include "analysis/rules/round_inputs.h"

#include <algorithm>
#include <cmath>

namespace fedsleuth::analysis {
namespace {

using model::ClientId;
using model::ErrorCode;
using model::fail;
using model::VectorRef;

constexpr std::int64_t column_block = 4096;  ///< coordinates that a thread takes at a time

/// vector += Σ w_i D_i + previous_weight · v, reading only what has a weight.
model::Result<void> add_weighted(model::UpdateSource& source, const Participants& who, const RuleWeights& how,
                                 std::vector<double>& vector, model::Progress& progress)
{
    std::vector<VectorRef> rows;
    std::vector<double> row_weights;
    for (std::size_t client_idx = 0; client_idx < how.weights.size(); ++client_idx)
        if (how.weights[client_idx] != 0.0) {
            rows.push_back(who.rows[client_idx]);
            row_weights.push_back(how.weights[client_idx]);
        }
    if (how.previous_weight != 0.0) {
        rows.push_back({VectorRef::Kind::global_step, who.round.before(), {}});
        row_weights.push_back(how.previous_weight);
    }
    if (rows.empty()) return {};
    return for_each_slab(source, rows, static_cast<std::int64_t>(vector.size()), "aggregating", progress,
                         [&](const float* values, std::int64_t first, std::int64_t count) -> model::Result<void> {
                             double* out = vector.data() + first;
                             for (std::size_t row_idx = 0; row_idx < rows.size(); ++row_idx) {
                                 const float* row = values + static_cast<std::int64_t>(row_idx) * count;
                                 for (std::int64_t coord_idx = 0; coord_idx < count; ++coord_idx)
                                     out[coord_idx] += row_weights[row_idx] * static_cast<double>(row[coord_idx]);
                             }
                             return {};
                         });
}

model::Result<void> apply_columns(model::UpdateSource& source, const Participants& who, const ColumnRule& rule,
                                  const ColumnChoice& choice, const Mixing* mixing, std::vector<double>& vector,
                                  model::Progress& progress)
{
    const auto work = [&](const float* values, std::int64_t first, std::int64_t count) -> model::Result<void> {
        const auto blocks = static_cast<std::size_t>((count + column_block - 1) / column_block);
        std::vector<model::Result<void>> outcomes(blocks);
        parallel_for(blocks, hardware_threads(), [&](std::size_t block_idx) {
            const std::int64_t start = static_cast<std::int64_t>(block_idx) * column_block;
            std::vector<const float*> rows;
            for (std::size_t row_idx = 0; row_idx < who.rows.size(); ++row_idx)
                rows.push_back(values + static_cast<std::int64_t>(row_idx) * count + start);
            outcomes[block_idx] = apply_column_block(rule, choice, mixing, rows, std::min(column_block, count - start),
                                                     vector.data() + first + start);
        });
        for (const model::Result<void>& outcome : outcomes) FEDSLEUTH_CHECK(outcome);
        return {};
    };
    return for_each_slab(source, who.rows, static_cast<std::int64_t>(vector.size()), "aggregating", progress, work);
}

model::Result<void> by_weights(model::CaseStore& store, model::UpdateSource& source, const Participants& who,
                               const WeightRule& rule, const RuleSettings& settings, Aggregate& aggregate,
                               model::Progress& progress)
{
    const auto d = static_cast<std::int64_t>(aggregate.vector.size());
    FEDSLEUTH_TRY(RoundGeometry geometry, case_geometry(store, source, who, rule.info().inputs, d, progress));
    const SourceSample sample(source, who.rows, d, progress);
    geometry.sample = &sample;
    FEDSLEUTH_TRY(aggregate.how, apply_rule(rule, geometry, settings));
    FEDSLEUTH_CHECK(add_weighted(source, who, *aggregate.how, aggregate.vector, progress));
    add_noise(aggregate.vector, aggregate.how->noise_deviation, settings.seed);
    aggregate.notes.insert(aggregate.notes.end(), aggregate.how->notes.begin(), aggregate.how->notes.end());
    return {};
}

model::Result<void> by_columns(model::CaseStore& store, model::UpdateSource& source, const Participants& who,
                               const ColumnRule& rule, const RuleSettings& settings, Aggregate& aggregate,
                               model::Progress& progress)
{
    const auto d = static_cast<std::int64_t>(aggregate.vector.size());
    RoundGeometry geometry{.n = who.clients.size(), .gram = {}, .num_examples = who.num_examples};
    if (rule.chooses() || !settings.pre.empty()) {
        FEDSLEUTH_TRY(geometry, case_geometry(store, source, who, rule.info().inputs, d, progress));
    }
    std::optional<Mixing> mixing;
    if (!settings.pre.empty()) {
        FEDSLEUTH_TRY(mixing, mix_updates(geometry, settings.pre, settings.seed));
        geometry = mixed(geometry, *mixing).geometry;
        aggregate.notes.insert(aggregate.notes.end(), mixing->notes.begin(), mixing->notes.end());
    }
    FEDSLEUTH_TRY(ColumnChoice choice, rule.choose(geometry, settings));
    FEDSLEUTH_CHECK(apply_columns(source, who, rule, choice, mixing ? &*mixing : nullptr, aggregate.vector, progress));
    aggregate.notes.insert(aggregate.notes.end(), choice.notes.begin(), choice.notes.end());
    for (std::string& note : rule.notes(geometry.n, settings)) aggregate.notes.push_back(std::move(note));
    if (rule.chooses()) aggregate.choice = mixing ? told_of_updates(choice, *mixing) : std::move(choice);
    return {};
}

}  // namespace

model::Result<RoundAggregate> aggregate_round(model::CaseStore& store, model::UpdateSource& source,
                                              model::RoundNo round, std::string_view rule, const RuleSettings& settings,
                                              std::span<const ClientId> exclude, model::Progress& progress)
{
    const WeightRule* weight_rule = find_weight_rule(rule);
    const ColumnRule* column_rule = find_column_rule(rule);
    if (weight_rule == nullptr && column_rule == nullptr)
        return fail(ErrorCode::not_found, "There is no rule '" + std::string(rule) + "'");
    FEDSLEUTH_CHECK(complete(weight_rule != nullptr ? weight_rule->info() : column_rule->info(), settings));
    FEDSLEUTH_TRY(Participants who, participants(store, round, exclude));
    FEDSLEUTH_TRY(const std::int64_t d, source.coordinates());

    RoundAggregate result;
    Aggregate& aggregate = result.aggregate;
    aggregate.rule = rule;
    aggregate.vector.assign(static_cast<std::size_t>(d), 0.0);
    aggregate.notes = who.notes;
    if (weight_rule != nullptr) {
        FEDSLEUTH_CHECK(by_weights(store, source, who, *weight_rule, settings, aggregate, progress));
    } else {
        FEDSLEUTH_CHECK(by_columns(store, source, who, *column_rule, settings, aggregate, progress));
    }
    double square = 0;
    for (const double value : aggregate.vector) square += value * value;
    aggregate.norm = std::sqrt(square);
    result.clients = std::move(who.clients);
    return result;
}

}  // namespace fedsleuth::analysis
