// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/layer.h"

namespace fedsleuth::model {

namespace {
constexpr std::int64_t max_elements = std::int64_t{1} << 62;
}

std::int64_t element_count(const std::vector<std::int64_t>& shape)
{
    // A zero anywhere makes the product zero, but the other dimensions must still be sane.
    std::int64_t count = 1;
    bool has_zero = false;
    for (const std::int64_t extent : shape) {
        if (extent < 0) return -1;
        if (extent == 0) {
            has_zero = true;
            continue;
        }
        if (count > max_elements / extent) return -1;
        count *= extent;
    }
    return has_zero ? 0 : count;
}

std::int64_t lay_out(std::vector<Layer>& layers)
{
    std::int64_t offset = 0;
    for (Layer& layer : layers) {
        const std::int64_t count = element_count(layer.shape);
        if (count < 0 || offset > max_elements - count) return -1;
        layer.offset = offset;
        layer.count = layer.counter ? 0 : count;
        offset += layer.count;
    }
    return offset;
}

std::int64_t coordinate_count(const std::vector<Layer>& layers)
{
    std::int64_t total = 0;
    for (const Layer& layer : layers) total += layer.count;
    return total;
}

std::string shape_text(const std::vector<std::int64_t>& shape)
{
    if (shape.empty()) return "scalar";
    std::string text;
    for (const std::int64_t extent : shape) {
        if (!text.empty()) text += " × ";
        text += std::to_string(extent);
    }
    return text;
}

}  // namespace fedsleuth::model
