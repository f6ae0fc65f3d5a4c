// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rollback/round_rule.h"

#include "analysis/kernels/gram.h"
#include "analysis/kernels/parallel.h"

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
                                         std::span<const double> gram)
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
    made.settings_ = rule.settings;
    made.column_ = find_column_rule(rule.name);
    const WeightRule* by_weights = find_weight_rule(rule.name);
    if (made.column_ == nullptr && by_weights == nullptr)
        return fail(ErrorCode::unsupported, "There is no rule '" + rule.name + "'");
    if (rule.name == "fedavg") {
        FEDSLEUTH_TRY(made.weights_, mean_weights(cast, members));
    } else if (by_weights != nullptr) {
        const std::size_t n = members.size();
        std::vector<double> products(n * n), examples(n);
        for (std::size_t row = 0; row < n; ++row) {
            examples[row] = cast.num_examples[members[row]];
            for (std::size_t column = 0; column < n; ++column)
                products[row * n + column] = gram[members[row] * cast.size() + members[column]];
        }
        FEDSLEUTH_TRY(const RuleWeights how, by_weights->weights({n, products, examples}, rule.settings));
        made.weights_.assign(cast.size(), 0.0);
        for (std::size_t row = 0; row < n; ++row) made.weights_[members[row]] = how.weights[row];
    }
    made.members_ = std::move(members);
    return made;
}

model::Result<void> RoundRule::apply(const float* values, std::int64_t count, double* out) const
{
    const auto blocks = static_cast<std::size_t>((count + column_block - 1) / column_block);
    std::vector<model::Result<void>> outcomes(blocks);
    parallel_for(blocks, hardware_threads(), [&](std::size_t block_idx) {
        const std::int64_t start = static_cast<std::int64_t>(block_idx) * column_block;
        const std::int64_t width = std::min(column_block, count - start);
        if (column_ != nullptr) {
            std::vector<const float*> rows;
            for (const std::size_t client_idx : members_)
                rows.push_back(values + static_cast<std::int64_t>(client_idx) * count + start);
            outcomes[block_idx] = column_->apply(rows, width, settings_, out + start);
        } else {
            std::fill_n(out + start, width, 0.0);
            for (const std::size_t client_idx : members_) {
                if (weights_[client_idx] == 0.0) continue;
                const float* row = values + static_cast<std::int64_t>(client_idx) * count + start;
                for (std::int64_t coord_idx = 0; coord_idx < width; ++coord_idx)
                    out[start + coord_idx] += weights_[client_idx] * static_cast<double>(row[coord_idx]);
            }
        }
        if (rate_ != 1.0)
            for (std::int64_t coord_idx = 0; coord_idx < width; ++coord_idx) out[start + coord_idx] *= rate_;
    });
    for (model::Result<void>& outcome : outcomes)
        if (!outcome) return outcome;
    return {};
}

model::Result<std::vector<double>> cast_gram(const RoundCast& cast, model::CaseStore& store,
                                             model::UpdateSource& source)
{
    const std::size_t n = cast.size();
    std::vector<double> gram(n * n, 0.0);
    FEDSLEUTH_TRY(const std::optional<model::RoundLedger> ledger, store.ledger(cast.round));
    if (ledger) {
        std::vector<std::size_t> places;
        for (const model::ClientId& client : cast.clients) {
            const auto place = std::find(ledger->clients.begin(), ledger->clients.end(), client);
            if (place == ledger->clients.end()) break;
            places.push_back(static_cast<std::size_t>(place - ledger->clients.begin()));
        }
        if (places.size() == n) {
            const std::vector<double> all = ledger->total_gram();
            for (std::size_t row = 0; row < n; ++row)
                for (std::size_t column = 0; column < n; ++column)
                    gram[row * n + column] = all[places[row] * ledger->size() + places[column]];
            return gram;
        }
    }
    FEDSLEUTH_TRY(const std::int64_t d, source.coordinates());
    const std::int64_t width = std::min<std::int64_t>(d, gram_chunk * 4);
    std::vector<float> values(n * static_cast<std::size_t>(std::max<std::int64_t>(width, 1)));
    for (std::int64_t first = 0; first < d; first += width) {
        const std::int64_t count = std::min(width, d - first);
        FEDSLEUTH_CHECK(source.read(cast.rows, first, count, values.data()));
        add_gram(values.data(), n, static_cast<std::size_t>(count), count, gram.data(), hardware_threads());
    }
    return gram;
}

}  // namespace fedsleuth::analysis
