// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/ledger/ledger_builder.h"

#include "analysis/kernels/gram.h"
#include "analysis/kernels/parallel.h"
#include "analysis/ledger/block_reader.h"
#include "analysis/ledger/output_rows.h"
#include "analysis/ledger/run_sums.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

namespace fedsleuth::analysis {

using model::RoundLedger;

namespace {

struct PlacedRun {
    std::size_t block_idx = 0;
    Run run;
    bool last_of_block = false;
};

struct Walk {
    std::vector<BlockPlace> blocks;
    std::vector<PlacedRun> runs;  ///< in ascending order
};

/// The runs of a model: each within one layer and one slab, cut every gram_chunk coordinates from where these begin,
/// whatever is read at a time; and blocks of whole runs with at most `most` coordinates.
Walk walk_over(const std::vector<model::Layer>& layers, std::int64_t most)
{
    Walk walk;
    for (std::size_t layer_idx = 0; layer_idx < layers.size(); ++layer_idx) {
        const std::int64_t layer_end = layers[layer_idx].offset + layers[layer_idx].count;
        for (std::int64_t at = layers[layer_idx].offset; at < layer_end;) {
            const std::int64_t slab = at / model::slab_coordinates;
            const std::int64_t end = std::min({layer_end, at + gram_chunk, (slab + 1) * model::slab_coordinates});
            const bool fits = !walk.blocks.empty() && end - walk.blocks.back().first <= most &&
                              walk.blocks.back().first / model::slab_coordinates == slab;
            if (!fits) {
                if (!walk.runs.empty()) walk.runs.back().last_of_block = true;
                walk.blocks.push_back({at, 0});
            }
            BlockPlace& block = walk.blocks.back();
            walk.runs.push_back({walk.blocks.size() - 1, {layer_idx, at - block.first, end - at}});
            block.count = end - block.first;
            at = end;
        }
    }
    if (!walk.runs.empty()) walk.runs.back().last_of_block = true;
    return walk;
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
    layer.step_gram.assign(k * k, 0.0);
    layer.median_steps.assign(k, 0.0);
    for (auto* list : {&layer.own_products, &layer.own_squares, &layer.own_median_products, &layer.median_products,
                       &layer.slow_products, &layer.absolute_sums, &layer.quiet_squares})
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
    const LedgerRows rows = ledger_rows_of(plan);
    const std::int64_t d = model::coordinate_count(layers);
    const std::vector<OutputPlace> outputs = output_places(layers, rows.clients);
    const std::vector<model::Layer> kept_layers = ledger_layers(layers, rows.clients);
    RoundLedger ledger = empty_ledger(plan, d, kept_layers.size(), outputs);

    constexpr std::int64_t block_values = std::int64_t{32} << 20;
    const std::int64_t affordable = block_values / std::max<std::int64_t>(std::ssize(rows.refs), 1);
    Walk walk = walk_over(kept_layers, std::max(gram_chunk, std::min(affordable, source.block_coordinates())));
    BlockReader reader(source, rows.refs, std::move(walk.blocks), progress);
    const std::vector<PlacedRun>& runs = walk.runs;
    const unsigned threads = std::min(hardware_threads(), 8U);  // any number gives the same bits
    std::vector<std::unique_ptr<RunSums>> workers(threads);
    FEDSLEUTH_CHECK(reader.read_while([&] {
        parallel_in_order(
            runs.size(), threads,
            [&](std::size_t run_idx, std::size_t worker_idx) {
                std::unique_ptr<RunSums>& worker = workers[worker_idx];
                const std::optional<Block> block = reader.wait_for(runs[run_idx].block_idx);
                if (!block) return worker.reset();
                if (!worker) worker = std::make_unique<RunSums>(rows, outputs);
                worker->sum(*block, runs[run_idx].run);
            },
            [&](std::size_t run_idx, std::size_t worker_idx) {
                if (!workers[worker_idx]) return;
                workers[worker_idx]->add_to(ledger.layers[runs[run_idx].run.layer_idx], ledger);
                if (runs[run_idx].last_of_block) reader.done_with(runs[run_idx].block_idx);
            });
    }));
    for (std::size_t client_idx = 0; client_idx < rows.clients; ++client_idx)
        ledger.zero[client_idx] = d - ledger.positive[client_idx] - ledger.negative[client_idx];
    return ledger;
}

}  // namespace fedsleuth::analysis
