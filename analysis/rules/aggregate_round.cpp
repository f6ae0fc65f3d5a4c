// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/kernels/gram.h"
#include "analysis/kernels/parallel.h"
#include "analysis/rules/aggregate.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

namespace fedsleuth::analysis {
namespace {

using model::ClientId;
using model::ErrorCode;
using model::fail;
using model::VectorRef;

constexpr std::size_t slab_bytes = std::size_t{64} << 20;  ///< read at a time, over all rows
constexpr std::int64_t column_block = 4096;                ///< coordinates that a thread takes at a time

/// Who takes part, and what is to be said about it.
struct Participants {
    std::vector<ClientId> clients;
    std::vector<VectorRef> rows;
    std::vector<double> num_examples;
    std::vector<std::string> notes;
};

model::Result<Participants> participants(model::CaseStore& store, model::RoundNo round,
                                         std::span<const ClientId> exclude)
{
    FEDSLEUTH_TRY(const model::Federation federation, store.federation());
    FEDSLEUTH_TRY(const std::vector<model::Update> updates, store.updates());
    const std::string where = "round " + std::to_string(round.value());
    std::set<ClientId> left_out(exclude.begin(), exclude.end());
    Participants result;
    bool any = false;
    bool all_counted = true;
    for (const model::Update& update : updates) {
        if (update.round != round || update.reference) continue;
        any = true;
        if (left_out.erase(update.client) != 0) continue;
        if (!update.usable()) {
            result.notes.push_back("The update of " + update.client.text() + " is not usable and left out.");
            continue;
        }
        result.clients.push_back(update.client);
        result.rows.push_back({VectorRef::Kind::update, round, update.client});
        const auto examples = static_cast<double>(update.num_examples.value_or(-1));
        all_counted = all_counted && examples >= 0;
        result.num_examples.push_back(examples);
    }
    if (!any) return fail(ErrorCode::not_found, "No update of this round is in the case", where);
    if (!left_out.empty())
        return fail(ErrorCode::not_found, left_out.begin()->text() + " did not take part, so it cannot be excluded",
                    where);
    if (result.clients.empty()) return fail(ErrorCode::not_applicable, "No usable update of this round remains", where);
    const bool by_examples = federation.aggregation.weighted_by == model::Weighting::num_examples;
    const bool some_examples = std::any_of(result.num_examples.begin(), result.num_examples.end(),
                                           [](double examples) { return examples > 0; });
    if (by_examples && !(all_counted && some_examples))
        result.notes.emplace_back("Not every client reported its number of examples: all count the same.");
    if (!by_examples || !all_counted || !some_examples) result.num_examples.assign(result.clients.size(), 1.0);
    return result;
}

/// Coordinates to read at a time: a whole number of chunks of the Gram sums, so that the ledger's slabs give the same
/// bits, and no more memory than slab_bytes.
std::int64_t slab_width(std::size_t n)
{
    const auto chunks = static_cast<std::int64_t>(slab_bytes / sizeof(float) / n) / gram_chunk;
    return std::clamp<std::int64_t>(chunks * gram_chunk, gram_chunk, model::slab_coordinates);
}

using SlabWork = std::function<model::Result<void>(const float* values, std::int64_t first, std::int64_t count)>;

/// Reads the rows slab by slab, checks that every value is finite, and hands each slab (rows.size() × count) on.
model::Result<void> for_each_slab(model::UpdateSource& source, std::span<const VectorRef> rows, std::int64_t d,
                                  const std::string& stage, model::Progress& progress, const SlabWork& work)
{
    progress.start(stage, d, "coordinates");
    const std::int64_t width = slab_width(rows.size());
    std::vector<float> values(rows.size() * static_cast<std::size_t>(std::min(width, d)));
    for (std::int64_t first = 0; first < d; first += width) {
        if (progress.stopped()) return fail(ErrorCode::cancelled, "Stopped before the aggregate was complete");
        const std::int64_t count = std::min(width, d - first);
        FEDSLEUTH_CHECK(source.read(rows, first, count, values.data()));
        for (std::size_t row_idx = 0; row_idx < rows.size(); ++row_idx) {
            const float* row = values.data() + static_cast<std::int64_t>(row_idx) * count;
            if (!std::all_of(row, row + count, [](float value) { return std::isfinite(value); }))
                return fail(ErrorCode::invalid_argument,
                            "The update of " + rows[row_idx].client.text() + " holds a value that is not finite",
                            "round " + std::to_string(rows[row_idx].round.value()), "exclude the client");
        }
        FEDSLEUTH_CHECK(work(values.data(), first, count));
        progress.advance(count);
    }
    return {};
}

/// The Gram matrix of the participants out of the round's ledger; nothing where the ledger does not know them all.
std::optional<std::vector<double>> gram_of_ledger(const model::RoundLedger& ledger, std::span<const ClientId> clients)
{
    std::vector<std::size_t> places;
    for (const ClientId& client : clients) {
        const auto place = std::find(ledger.clients.begin(), ledger.clients.end(), client);
        if (place == ledger.clients.end()) return std::nullopt;
        places.push_back(static_cast<std::size_t>(place - ledger.clients.begin()));
    }
    const std::vector<double> all = ledger.total_gram();
    const std::size_t n = clients.size();
    std::vector<double> gram(n * n);
    for (std::size_t client_idx = 0; client_idx < n; ++client_idx)
        for (std::size_t other_idx = 0; other_idx < n; ++other_idx)
            gram[client_idx * n + other_idx] = all[places[client_idx] * ledger.size() + places[other_idx]];
    return gram;
}

model::Result<std::vector<double>> round_gram(model::CaseStore& store, model::UpdateSource& source,
                                              model::RoundNo round, const Participants& who, std::int64_t d,
                                              model::Progress& progress)
{
    FEDSLEUTH_TRY(const std::optional<model::RoundLedger> ledger, store.ledger(round));
    if (ledger)
        if (auto gram = gram_of_ledger(*ledger, who.clients)) return std::move(*gram);
    const std::size_t n = who.clients.size();
    std::vector<double> gram(n * n, 0.0);
    FEDSLEUTH_CHECK(for_each_slab(source, who.rows, d, "comparing the updates", progress,
                                  [&](const float* values, std::int64_t, std::int64_t count) -> model::Result<void> {
                                      add_gram(values, n, static_cast<std::size_t>(count), count, gram.data(),
                                               hardware_threads());
                                      return {};
                                  }));
    return gram;
}

/// Σ w_i D_i, reading only the updates that have a weight.
model::Result<void> add_weighted(model::UpdateSource& source, const Participants& who, std::span<const double> weights,
                                 std::vector<double>& vector, model::Progress& progress)
{
    std::vector<VectorRef> rows;
    std::vector<double> row_weights;
    for (std::size_t client_idx = 0; client_idx < weights.size(); ++client_idx)
        if (weights[client_idx] != 0.0) {
            rows.push_back(who.rows[client_idx]);
            row_weights.push_back(weights[client_idx]);
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
                                  const RuleSettings& settings, std::vector<double>& vector, model::Progress& progress)
{
    const auto work = [&](const float* values, std::int64_t first, std::int64_t count) -> model::Result<void> {
        const auto blocks = static_cast<std::size_t>((count + column_block - 1) / column_block);
        std::vector<model::Result<void>> outcomes(blocks);
        parallel_for(blocks, hardware_threads(), [&](std::size_t block_idx) {
            const std::int64_t start = static_cast<std::int64_t>(block_idx) * column_block;
            std::vector<const float*> rows;
            for (std::size_t row_idx = 0; row_idx < who.rows.size(); ++row_idx)
                rows.push_back(values + static_cast<std::int64_t>(row_idx) * count + start);
            outcomes[block_idx] =
                rule.apply(rows, std::min(column_block, count - start), settings, vector.data() + first + start);
        });
        for (const model::Result<void>& outcome : outcomes) FEDSLEUTH_CHECK(outcome);
        return {};
    };
    return for_each_slab(source, who.rows, static_cast<std::int64_t>(vector.size()), "aggregating", progress, work);
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
    aggregate.notes = std::move(who.notes);
    if (weight_rule != nullptr) {
        RoundGeometry geometry{.n = who.clients.size(), .gram = {}, .num_examples = who.num_examples};
        FEDSLEUTH_TRY(geometry.gram, round_gram(store, source, round, who, d, progress));
        FEDSLEUTH_TRY(aggregate.how, weight_rule->weights(geometry, settings));
        FEDSLEUTH_CHECK(add_weighted(source, who, aggregate.how->weights, aggregate.vector, progress));
        aggregate.notes.insert(aggregate.notes.end(), aggregate.how->notes.begin(), aggregate.how->notes.end());
    } else {
        FEDSLEUTH_CHECK(apply_columns(source, who, *column_rule, settings, aggregate.vector, progress));
        for (std::string& note : column_rule->notes(who.clients.size(), settings))
            aggregate.notes.push_back(std::move(note));
    }
    double square = 0;
    for (const double value : aggregate.vector) square += value * value;
    aggregate.norm = std::sqrt(square);
    result.clients = std::move(who.clients);
    return result;
}

}  // namespace fedsleuth::analysis
