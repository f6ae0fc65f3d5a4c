// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/ledger/output_rows.h"

#include <algorithm>
#include <cmath>

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

OutputSums::OutputSums(const std::vector<model::Layer>& layers, std::size_t n) : n_(n)
{
    const std::vector<std::size_t> last = last_two(layers);
    for (std::size_t idx = 0; idx < last.size(); ++idx) {
        const model::Layer& layer = layers[last[idx]];
        if (layer.shape.empty()) continue;
        const bool columns = last.size() == 2 && outputs_are_columns(layer, layers[last[1 - idx]]);
        const std::int64_t outputs = columns ? layer.shape.back() : layer.shape.front();
        if (outputs > static_cast<std::int64_t>(model::RoundLedger::most_outputs)) continue;
        const std::size_t sums = n * static_cast<std::size_t>(outputs);
        if (sums > model::RoundLedger::most_output_sums) continue;

        model::RoundLedger::OutputRows& rows = rows_.emplace_back();
        rows.layer_idx = last[idx];
        rows.outputs = static_cast<std::size_t>(outputs);
        rows.bias = layer.shape.size() == 1;
        rows.sums.assign(sums, 0.0);
        rows.absolute.assign(sums, 0.0);
        rows.squares.assign(sums, 0.0);
        places_.push_back({layer.offset, layer.count, columns ? 1 : layer.count / outputs, outputs});
    }
}

void OutputSums::add(const float* values, std::int64_t first, std::int64_t count)
{
    for (std::size_t idx = 0; idx < rows_.size(); ++idx) {
        model::RoundLedger::OutputRows& rows = rows_[idx];
        const Place& place = places_[idx];
        const std::int64_t from = std::max(first, place.offset);
        const std::int64_t to = std::min(first + count, place.offset + place.count);
        for (std::int64_t coord_idx = from; coord_idx < to;) {
            const std::int64_t within = coord_idx - place.offset;
            const std::int64_t end = std::min(to, coord_idx + place.run - within % place.run);
            const auto output = static_cast<std::size_t>(within / place.run % place.outputs);
            for (std::size_t client_idx = 0; client_idx < n_; ++client_idx) {
                const float* row = values + static_cast<std::int64_t>(client_idx) * count - first;
                double sum = 0, absolute = 0, square = 0;
                for (std::int64_t at = coord_idx; at < end; ++at) {
                    const double value = row[at];
                    sum += value;
                    absolute += std::abs(value);
                    square += value * value;
                }
                const std::size_t place_idx = client_idx * rows.outputs + output;
                rows.sums[place_idx] += sum;
                rows.absolute[place_idx] += absolute;
                rows.squares[place_idx] += square;
            }
            coord_idx = end;
        }
    }
}

}  // namespace fedsleuth::analysis
