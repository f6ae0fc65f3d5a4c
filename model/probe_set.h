// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace fedsleuth::model {

/// Inputs of the federation's model that the analyst brings along: a trusted, labelled probe set, or inputs that the
/// model answers wrongly.
struct ProbeSet {
    std::string path;  ///< of the file, as it was named
    std::string sha256;
    std::size_t rows = 0;
    std::vector<std::int64_t> shape;   ///< of one input; at least one dimension
    std::vector<float> inputs;         ///< rows × features(), row-major, all finite, as the model takes them
    std::vector<std::int32_t> labels;  ///< rows, none negative; empty where the file has none

    [[nodiscard]] std::size_t features() const { return rows == 0 ? 0 : inputs.size() / rows; }
};

}  // namespace fedsleuth::model
