// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/ledger/output_rows.h"

#include <algorithm>

namespace fedsleuth::analysis {
namespace {

/// Indices of the last two layers with coordinates, in the order of the model.
std::vector<std::size_t> last_two(const std::vector<model::Layer>& layers)
{
    std::vector<std::size_t> last;
    for (std::size_t layer_idx = layers.size(); layer_idx-- > 0 && last.size() < 2;)
        if (!layers[layer_idx].counter && layers[layer_idx].count > 0) last.insert(last.begin(), layer_idx);
    return last;
}

bool outputs_are_columns(const model::Layer& layer, const model::Layer& other)
{
    return layer.shape.size() >= 2 && other.shape.size() == 1 && other.shape[0] != layer.shape.front() &&
           other.shape[0] == layer.shape.back();
}

}  // namespace

std::vector<OutputPlace> output_places(const std::vector<model::Layer>& layers, std::size_t n)
{
    std::vector<OutputPlace> places;
    const std::vector<std::size_t> last = last_two(layers);
    for (std::size_t idx = 0; idx < last.size(); ++idx) {
        const model::Layer& layer = layers[last[idx]];
        if (layer.shape.empty()) continue;
        const bool columns = last.size() == 2 && outputs_are_columns(layer, layers[last[1 - idx]]);
        const std::int64_t outputs = columns ? layer.shape.back() : layer.shape.front();
        if (outputs > static_cast<std::int64_t>(model::RoundLedger::most_outputs)) continue;
        if (n * static_cast<std::size_t>(outputs) > model::RoundLedger::most_output_sums) continue;
        places.push_back({last[idx], layer.shape.size() == 1, layer.offset, layer.count,
                          columns ? 1 : layer.count / outputs, outputs});
    }
    return places;
}

model::RoundLedger::OutputRows empty_output_rows(const OutputPlace& place, std::size_t n)
{
    model::RoundLedger::OutputRows rows;
    rows.layer_idx = place.layer_idx;
    rows.outputs = static_cast<std::size_t>(place.outputs);
    rows.bias = place.bias;
    for (auto* list : {&rows.sums, &rows.absolute, &rows.squares}) list->assign(n * rows.outputs, 0.0);
    return rows;
}

void OutputPiece::sum(const RowKernel& kernel, const OutputPlace& place, std::size_t n, const float* values,
                      std::int64_t stride, std::int64_t first, std::int64_t count)
{
    const std::int64_t from = std::max(first, place.offset) - place.offset;  // within the layer
    const std::int64_t to = std::min(first + count, place.offset + place.count) - place.offset;
    outputs_ = 0;
    if (from >= to) return;
    const bool goes_round = to - from > place.run * place.outputs || place.run == 1;
    first_ = goes_round ? 0 : static_cast<std::size_t>(from / place.run);
    outputs_ = static_cast<std::size_t>(goes_round ? place.outputs : (to - 1) / place.run + 1) - first_;
    moments_.assign(n * outputs_, {});
    for (std::size_t client_idx = 0; client_idx < n; ++client_idx) {
        const float* row = values + static_cast<std::int64_t>(client_idx) * stride + place.offset - first;
        Moments* sums = moments_.data() + client_idx * outputs_;
        for (std::int64_t at = from; at < to;) {
            const std::int64_t end = std::min(to, at + place.run - at % place.run);
            kernel.add_moments(row + at, static_cast<std::size_t>(end - at),
                               sums[static_cast<std::size_t>(at / place.run % place.outputs) - first_]);
            at = end;
        }
    }
}

void OutputPiece::add_to(model::RoundLedger::OutputRows& rows, std::size_t n) const
{
    for (std::size_t client_idx = 0; client_idx < n; ++client_idx)
        for (std::size_t output = 0; output < outputs_; ++output) {
            const Moments& piece = moments_[client_idx * outputs_ + output];
            const std::size_t place = client_idx * rows.outputs + first_ + output;
            rows.sums[place] += piece.sum;
            rows.absolute[place] += piece.absolute;
            rows.squares[place] += piece.square;
        }
}

}  // namespace fedsleuth::analysis
