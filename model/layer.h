// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fedsleuth::model {

/// One tensor of the model, and where its values lie when all tensors are laid end to end (row-major).
struct Layer {
    std::string name;
    std::vector<std::int64_t> shape;
    bool counter = false;     ///< an integer tensor (num_batches_tracked): kept, out of the arithmetic, no coordinates
    std::int64_t offset = 0;  ///< first coordinate
    std::int64_t count = 0;   ///< number of coordinates; 0 for counters

    bool operator==(const Layer&) const = default;
};

/// Number of elements of a shape, or -1 where a dimension is negative or the product overflows 2^62.
[[nodiscard]] std::int64_t element_count(const std::vector<std::int64_t>& shape);

/// Sets offset and count of every layer from the shapes; returns the number of coordinates, or -1 on overflow.
std::int64_t lay_out(std::vector<Layer>& layers);

[[nodiscard]] std::int64_t coordinate_count(const std::vector<Layer>& layers);

/// "16 × 64", "scalar" for ().
[[nodiscard]] std::string shape_text(const std::vector<std::int64_t>& shape);

}  // namespace fedsleuth::model
