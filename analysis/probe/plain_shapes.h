// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/layer.h"
#include "model/result.h"

#include <vector>

namespace fedsleuth::analysis {

/// A weight tensor and the bias that goes with it.
struct WeightAndBias {
    const model::Layer* weight = nullptr;
    const model::Layer* bias = nullptr;
    bool outputs_last = false;  ///< the outputs are the last dimension of the weight (Keras), not the first (PyTorch)
};

/// The layers of a plain model in order. The k-th tensor of two or four dimensions goes with the k-th of one, so that
/// "weight, bias, weight, bias" is understood as well as "weights, then biases". Error unsupported, with the reason,
/// where that does not work out.
[[nodiscard]] model::Result<std::vector<WeightAndBias>> pair_layers(const std::vector<model::Layer>& layers);

}  // namespace fedsleuth::analysis
