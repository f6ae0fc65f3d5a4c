// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/layer.h"
#include "model/progress.h"
#include "model/update_source.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace fedsleuth::analysis {

/// One layer of two models side by side.
struct LayerComparison {
    std::string name;  ///< empty: the whole model
    std::int64_t coordinates = 0;
    double length_a = 0, length_b = 0;  ///< L2 norms
    double distance = 0;                ///< |a − b|
    std::optional<double> degrees;      ///< angle between a and b; nothing where one is zero
};

/// Two checkpoints layer by layer, the whole model first; one streaming pass. Errors: those of the source; cancelled.
[[nodiscard]] model::Result<std::vector<LayerComparison>> compare_checkpoints(model::UpdateSource& source,
                                                                              std::span<const model::Layer> layers,
                                                                              model::RoundNo a, model::RoundNo b,
                                                                              model::Progress& progress);

}  // namespace fedsleuth::analysis
