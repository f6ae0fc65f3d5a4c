// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/ingest/layout.h"

#include "storage/case/tensor_map.h"
#include "storage/evidence/snapshot_file.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>

namespace fedsleuth::storage {

using model::ErrorCode;
using model::Layer;
using model::Result;

namespace {

/// What a snapshot file says about the model.
struct Tensors {
    std::vector<model::TensorInfo> list;
    bool named = true;
};

std::optional<Tensors> tensors_of(const EvidenceFolder& folder, const std::string& path, const Limits& limits)
{
    const auto file = folder.resolve(path);
    if (!file) return std::nullopt;
    const auto snapshot = open_snapshot(*file, limits);
    if (!snapshot) return std::nullopt;
    return Tensors{(*snapshot)->tensors(), (*snapshot)->named()};
}

std::optional<Tensors> from_checkpoints(const RoundLog& log, const EvidenceFolder& folder, const Limits& limits)
{
    std::multimap<model::RoundNo, const std::string*> paths;
    for (const auto& checkpoint : log.checkpoints) paths.emplace(checkpoint.noun.round, &checkpoint.noun.path);
    for (const auto& [round, path] : paths)
        if (auto tensors = tensors_of(folder, *path, limits)) return tensors;
    return std::nullopt;
}

/// Two snapshots with the same text have the same tensors, as far as a layout goes.
std::string text_of(const Tensors& tensors)
{
    std::string text = tensors.named ? "named" : "numbered";
    for (const model::TensorInfo& tensor : tensors.list) {
        text += '\n' + std::to_string(tensor.name.size()) + ' ' + tensor.name;
        text += model::is_float(tensor.type) ? " float" : " integer";
        for (const std::int64_t extent : tensor.shape) text += ' ' + std::to_string(extent);
    }
    return text;
}

std::optional<Tensors> from_updates(const RoundLog& log, const EvidenceFolder& folder, const Limits& limits)
{
    std::map<model::RoundNo, std::vector<const std::string*>> rounds;
    for (const auto& update : log.updates) rounds[update.noun.round].push_back(&update.noun.path);
    for (const auto& [round, paths] : rounds) {
        std::vector<Tensors> candidates;
        std::map<std::string, int> votes;
        for (const std::string* path : paths)
            if (auto tensors = tensors_of(folder, *path, limits)) {
                ++votes[text_of(*tensors)];
                candidates.push_back(std::move(*tensors));
            }
        if (candidates.empty()) continue;
        return *std::max_element(candidates.begin(), candidates.end(), [&](const Tensors& a, const Tensors& b) {
            return votes[text_of(a)] < votes[text_of(b)];
        });
    }
    return std::nullopt;
}

std::vector<Layer> layers_of(const Tensors& tensors)
{
    std::vector<Layer> layers;
    for (const model::TensorInfo& tensor : tensors.list) {
        Layer layer;
        layer.name = tensor.name.empty() ? "tensor " + std::to_string(layers.size()) : tensor.name;
        layer.shape = tensor.shape;
        layer.counter = !model::is_float(tensor.type);
        layers.push_back(std::move(layer));
    }
    return layers;
}

void mark_counters(std::vector<Layer>& layers, const Tensors& tensors)
{
    if (!tensors.named) {
        if (tensors.list.size() != layers.size()) return;
        for (std::size_t layer_idx = 0; layer_idx < layers.size(); ++layer_idx)
            layers[layer_idx].counter = !model::is_float(tensors.list[layer_idx].type);
        return;
    }
    std::map<std::string_view, bool> integers;
    for (const model::TensorInfo& tensor : tensors.list)
        integers[bare_name(tensor.name)] = !model::is_float(tensor.type);
    for (Layer& layer : layers)
        if (const auto at = integers.find(bare_name(layer.name)); at != integers.end()) layer.counter = at->second;
}

}  // namespace

Result<Layout> find_layout(const RoundLog& log, const EvidenceFolder& folder, const Limits& limits)
{
    Layout layout;
    if (log.federation) layout.layers = log.federation->noun.layers;
    std::optional<Tensors> tensors = from_checkpoints(log, folder, limits);
    if (!tensors) tensors = from_updates(log, folder, limits);
    if (tensors) {
        layout.seen = true;
        if (layout.layers.empty())
            layout.layers = layers_of(*tensors);
        else
            mark_counters(layout.layers, *tensors);
    }
    const std::int64_t coordinates = model::lay_out(layout.layers);
    if (coordinates < 0 || coordinates > limits.elements)
        return model::fail(
            ErrorCode::limit,
            "declares a model of more than " + std::to_string(limits.elements) + " coordinates (limit: elements)",
            folder.log_path().string());
    return layout;
}

}  // namespace fedsleuth::storage
