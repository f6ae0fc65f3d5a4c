// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/probe/plain_shapes.h"

#include "model/text.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <string>

namespace fedsleuth::analysis {

using model::Layer;

namespace {

tl::unexpected<model::Error> not_plain(const std::string& why, const std::string& where = {})
{
    return model::fail(model::ErrorCode::unsupported,
                       "the model is no plain stack of dense, or of convolution and dense layers: " + why, where,
                       "a probe set helps with models whose forward pass can be told from the shapes of their layers");
}

std::string named(const Layer& layer)
{
    return model::visible(layer.name) + " (" + model::shape_text(layer.shape) + ")";
}

/// Which way a weight lies, by its bias; nothing where both ends fit.
model::Result<std::optional<bool>> outputs_last(const Layer& weight, std::int64_t outputs)
{
    const bool first = weight.shape.front() == outputs, last = weight.shape.back() == outputs;
    if (first && last) return std::optional<bool>();
    if (!first && !last)
        return not_plain("the bias that goes with " + named(weight) + " has " + std::to_string(outputs) + " numbers");
    return std::optional<bool>(last);
}

/// What the framework's usual name says of a weight that could lie either way.
std::optional<bool> outputs_last_by_name(const Layer& layer)
{
    std::string name = layer.name;
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char letter) { return std::tolower(letter); });
    if (name.find("kernel") != std::string::npos || name.find("coef") != std::string::npos) return true;
    if (name.find("weight") != std::string::npos) return false;
    return std::nullopt;
}

}  // namespace

model::Result<std::vector<WeightAndBias>> pair_layers(const std::vector<Layer>& layers)
{
    std::vector<const Layer*> weights, biases;
    for (const Layer& layer : layers) {
        if (layer.counter) return not_plain("it keeps a counter (batch normalisation)", named(layer));
        if (layer.shape.size() == 2 || layer.shape.size() == 4)
            weights.push_back(&layer);
        else if (layer.shape.size() == 1)
            biases.push_back(&layer);
        else
            return not_plain("a tensor has " + std::to_string(layer.shape.size()) + " dimensions", named(layer));
        if (layer.count == 0) return not_plain("a tensor is empty", named(layer));
    }
    if (weights.empty()) return not_plain("it has no weight matrix");
    if (weights.size() != biases.size())
        return not_plain("it has " + std::to_string(weights.size()) + " weight tensors and " +
                         std::to_string(biases.size()) + " vectors, where every weight has one bias");

    std::vector<WeightAndBias> pairs;
    std::vector<std::optional<bool>> ways;
    std::optional<bool> common;  // frameworks lay all their weights the same way
    for (std::size_t idx = 0; idx < weights.size(); ++idx) {
        if (idx > 0 && weights[idx]->shape.size() > weights[idx - 1]->shape.size())
            return not_plain("a convolution follows a dense layer", named(*weights[idx]));
        FEDSLEUTH_TRY(const std::optional<bool> way, outputs_last(*weights[idx], biases[idx]->count));
        if (way && !common) common = way;
        ways.push_back(way);
        pairs.push_back({weights[idx], biases[idx], false});
    }
    for (std::size_t idx = 0; idx < pairs.size(); ++idx) {
        std::optional<bool> way = ways[idx] ? ways[idx] : common;
        if (!way) way = outputs_last_by_name(*pairs[idx].weight);
        if (!way)
            return not_plain("it can't be told which dimension of a square weight is its outputs",
                             named(*pairs[idx].weight));
        pairs[idx].outputs_last = *way;
    }
    return pairs;
}

}  // namespace fedsleuth::analysis
