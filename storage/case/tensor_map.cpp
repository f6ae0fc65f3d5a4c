// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/case/tensor_map.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace fedsleuth::storage {

using model::ErrorCode;
using model::Layer;
using model::Result;
using model::TensorInfo;

namespace {

using Matches = std::vector<std::optional<std::size_t>>;  ///< per layer: index of its tensor

Matches match_by_name(const std::vector<Layer>& layers, const std::vector<TensorInfo>& tensors)
{
    std::map<std::string_view, std::size_t> exact, bare;
    for (std::size_t tensor_idx = 0; tensor_idx < tensors.size(); ++tensor_idx) {
        exact.emplace(tensors[tensor_idx].name, tensor_idx);
        bare.emplace(bare_name(tensors[tensor_idx].name), tensor_idx);
    }
    Matches matches(layers.size());
    for (std::size_t layer_idx = 0; layer_idx < layers.size(); ++layer_idx) {
        const std::string& name = layers[layer_idx].name;
        if (const auto at = exact.find(name); at != exact.end())
            matches[layer_idx] = at->second;
        else if (const auto other = bare.find(bare_name(name)); other != bare.end())
            matches[layer_idx] = other->second;
    }
    return matches;
}

/// Some frameworks send every tensor, others leave the counters at home.
Result<Matches> match_by_position(const std::vector<Layer>& layers, std::size_t tensors)
{
    const auto counters = static_cast<std::size_t>(
        std::count_if(layers.begin(), layers.end(), [](const Layer& layer) { return layer.counter; }));
    const bool with_counters = tensors == layers.size();
    if (!with_counters && tensors != layers.size() - counters)
        return model::fail(ErrorCode::malformed, "holds " + std::to_string(tensors) + " tensors where the model has " +
                                                     std::to_string(layers.size()) +
                                                     (layers.size() == 1 ? " layer" : " layers"));
    Matches matches(layers.size());
    std::size_t tensor_idx = 0;
    for (std::size_t layer_idx = 0; layer_idx < layers.size(); ++layer_idx)
        if (with_counters || !layers[layer_idx].counter) matches[layer_idx] = tensor_idx++;
    return matches;
}

Result<void> check_match(const Layer& layer, const std::optional<std::size_t>& match,
                         const std::vector<TensorInfo>& tensors)
{
    if (layer.counter) return {};
    if (!match) return model::fail(ErrorCode::malformed, "has no tensor for layer \"" + layer.name + '"');
    const TensorInfo& tensor = tensors[*match];
    if (!model::is_float(tensor.type))
        return model::fail(ErrorCode::malformed, "holds " + std::string(model::name_of(tensor.type)) + " in layer \"" +
                                                     layer.name + "\" where the model has floating-point numbers");
    if (tensor.shape != layer.shape)
        return model::fail(ErrorCode::malformed, "has the shape " + model::shape_text(tensor.shape) + " in layer \"" +
                                                     layer.name + "\" where the model has " +
                                                     model::shape_text(layer.shape));
    return {};
}

}  // namespace

std::string_view bare_name(std::string_view name)
{
    for (const std::string_view prefix : {std::string_view("_module."), std::string_view("module.")})
        if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
    return name;
}

Result<TensorMap> match_tensors(const std::vector<Layer>& layers, const SnapshotFile& snapshot)
{
    const std::vector<TensorInfo>& tensors = snapshot.tensors();
    TensorMap map;
    for (std::size_t tensor_idx = 0; tensor_idx < tensors.size(); ++tensor_idx)
        if (!model::is_float(tensors[tensor_idx].type)) map.integer_tensors.push_back(tensor_idx);

    const std::int64_t coordinates = model::coordinate_count(layers);
    if (!snapshot.named() && tensors.size() == 1 && model::is_float(tensors[0].type) &&
        tensors[0].count == coordinates) {
        map.spans.push_back({0, coordinates, 0, 0});
        return map;
    }

    Matches matches;
    if (snapshot.named()) {
        matches = match_by_name(layers, tensors);
    } else {
        FEDSLEUTH_TRY(matches, match_by_position(layers, tensors.size()));
    }
    std::vector<bool> used(tensors.size(), false);
    for (std::size_t layer_idx = 0; layer_idx < layers.size(); ++layer_idx) {
        const Layer& layer = layers[layer_idx];
        FEDSLEUTH_CHECK(check_match(layer, matches[layer_idx], tensors));
        if (matches[layer_idx]) used[*matches[layer_idx]] = true;
        if (layer.count > 0) map.spans.push_back({layer.offset, layer.count, *matches[layer_idx], 0});
    }
    for (std::size_t tensor_idx = 0; tensor_idx < tensors.size(); ++tensor_idx)
        if (!used[tensor_idx] && model::is_float(tensors[tensor_idx].type))
            return model::fail(ErrorCode::malformed,
                               "holds a tensor \"" + tensors[tensor_idx].name + "\" that the model does not have");
    return map;
}

Result<void> read_coordinates(SnapshotFile& snapshot, const TensorMap& map, std::int64_t first, std::int64_t count,
                              float* out)
{
    const std::int64_t end = first + count;
    auto span = std::partition_point(map.spans.begin(), map.spans.end(), [first](const TensorSpan& candidate) {
        return candidate.first + candidate.count <= first;
    });
    for (; span != map.spans.end() && span->first < end; ++span) {
        const std::int64_t from = std::max(first, span->first);
        const std::int64_t to = std::min(end, span->first + span->count);
        FEDSLEUTH_CHECK(
            snapshot.read(span->tensor_idx, span->tensor_first + from - span->first, to - from, out + (from - first)));
    }
    return {};
}

}  // namespace fedsleuth::storage
