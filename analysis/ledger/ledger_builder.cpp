// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/ledger/ledger_builder.h"

#include "analysis/kernels/gram.h"
#include "analysis/kernels/parallel.h"
#include "analysis/ledger/output_rows.h"
#include "analysis/ledger/run_sums.h"

#include <algorithm>
#include <limits>
#include <memory>

namespace fedsleuth::analysis {

using model::RoundLedger;

namespace {

/// The block's runs: each within one layer, cut every gram_chunk coordinates from the layer's first one in the block.
std::vector<Run> runs_of(const std::vector<model::Layer>& layers, std::int64_t first, std::int64_t count)
{
    std::vector<Run> runs;
    for (std::size_t layer_idx = 0; layer_idx < layers.size(); ++layer_idx) {
        const std::int64_t from = std::max(first, layers[layer_idx].offset) - first;
        const std::int64_t to = std::min(first + count, layers[layer_idx].offset + layers[layer_idx].count) - first;
        for (std::int64_t at = from; at < to; at += gram_chunk)
            runs.push_back({layer_idx, at, std::min(gram_chunk, to - at)});
    }
    return runs;
}

/// The layers as the ledger keeps them: the model's own, or a single one where n² × layers is too much.
std::vector<model::Layer> ledger_layers(const std::vector<model::Layer>& layers, std::size_t n)
{
    if (n * n * layers.size() <= ledger_gram_limit) return layers;
    model::Layer whole;
    whole.name = "all layers";
    whole.shape = {model::coordinate_count(layers)};
    whole.count = model::coordinate_count(layers);
    return {whole};
}

RoundLedger::PerLayer empty_layer(const LedgerPlan& plan)
{
    const std::size_t n = plan.clients.size();
    const std::size_t k = plan.step_rounds.size();
    RoundLedger::PerLayer layer;
    layer.gram.assign(n * n, 0.0);
    layer.step_products.assign(n * k, 0.0);
    layer.step_squares.assign(k, 0.0);
    layer.median_steps.assign(k, 0.0);
    for (auto* list : {&layer.own_products, &layer.own_squares, &layer.own_median_products, &layer.median_products,
                       &layer.absolute_sums, &layer.quiet_squares})
        list->assign(n, 0.0);
    if (plan.has_shipped) layer.shipped_products.assign(n, 0.0);
    if (plan.has_reference) layer.reference_products.assign(n, 0.0);
    if (plan.has_model) layer.model_products.assign(n, 0.0);
    for (auto* list : {&layer.own_sign_equal, &layer.own_sign_compared, &layer.sign_agreements}) list->assign(n, 0);
    return layer;
}

RoundLedger empty_ledger(const LedgerPlan& plan, std::int64_t coordinates, std::size_t layers,
                         const std::vector<OutputPlace>& outputs)
{
    const std::size_t n = plan.clients.size();
    RoundLedger ledger;
    ledger.round = plan.round;
    ledger.clients = plan.clients;
    ledger.own_rounds = plan.own_rounds;
    ledger.step_rounds = plan.step_rounds;
    ledger.has_shipped = plan.has_shipped;
    ledger.has_reference = plan.has_reference;
    ledger.has_model = plan.has_model;
    ledger.coordinates = coordinates;
    ledger.layers.assign(layers, empty_layer(plan));
    for (const OutputPlace& place : outputs) ledger.output_rows.push_back(empty_output_rows(place, n));
    for (auto* list : {&ledger.positive, &ledger.negative, &ledger.zero}) list->assign(n, 0);
    const double infinity = coordinates > 0 ? std::numeric_limits<double>::infinity() : 0.0;
    ledger.minimum.assign(n, infinity);
    ledger.maximum.assign(n, -infinity);
    ledger.fourth_powers.assign(n, 0.0);
    ledger.sums.assign(n, 0.0);
    return ledger;
}

}  // namespace

model::Result<RoundLedger> build_ledger(model::UpdateSource& source, const std::vector<model::Layer>& layers,
                                        const LedgerPlan& plan, model::Progress& progress)
{
    constexpr std::int64_t block_values = std::int64_t{64} << 20;
    const LedgerRows rows = ledger_rows_of(plan);
    const auto row_count = static_cast<std::int64_t>(rows.refs.size());
    std::int64_t block_size =
        std::clamp<std::int64_t>(block_values / std::max<std::int64_t>(row_count, 1), 1, model::slab_coordinates);
    if (block_size > gram_chunk) block_size -= block_size % gram_chunk;
    const std::int64_t d = model::coordinate_count(layers);
    const std::vector<OutputPlace> outputs = output_places(layers, rows.clients);
    const std::vector<model::Layer> kept_layers = ledger_layers(layers, rows.clients);
    RoundLedger ledger = empty_ledger(plan, d, kept_layers.size(), outputs);

    const unsigned threads = std::min(hardware_threads(), 8U);  // any number gives the same bits
    std::vector<std::unique_ptr<RunSums>> workers(threads);
    std::vector<float> values;
    for (std::int64_t first = 0; first < d; first += block_size) {
        if (progress.stopped()) return model::fail(model::ErrorCode::cancelled, "The ledger was stopped");
        const std::int64_t count = std::min(block_size, d - first);
        values.resize(static_cast<std::size_t>(row_count * count));
        FEDSLEUTH_CHECK(source.read(rows.refs, first, count, values.data()));
        const Block block{values.data(), count, first};
        const std::vector<Run> runs = runs_of(kept_layers, first, count);
        parallel_in_order(
            runs.size(), threads,
            [&](std::size_t run_idx, std::size_t worker_idx) {
                std::unique_ptr<RunSums>& worker = workers[worker_idx];
                if (!worker) worker = std::make_unique<RunSums>(rows, outputs);
                worker->sum(block, runs[run_idx]);
            },
            [&](std::size_t run_idx, std::size_t worker_idx) {
                workers[worker_idx]->add_to(ledger.layers[runs[run_idx].layer_idx], ledger);
            });
        progress.advance(count * row_count);
    }
    for (std::size_t client_idx = 0; client_idx < rows.clients; ++client_idx)
        ledger.zero[client_idx] = d - ledger.positive[client_idx] - ledger.negative[client_idx];
    return ledger;
}

}  // namespace fedsleuth::analysis
