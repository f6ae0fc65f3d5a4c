// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/lab/attacks/trigger.h"

#include <algorithm>

namespace fedsleuth::analysis::lab {

namespace {

constexpr float white = 1.0F;
constexpr float seldom = 4.0F;
constexpr std::size_t bar = 2;  ///< pixels of one part of the divided trigger

}  // namespace

Trigger::Trigger(const InputShape& shape, std::size_t size) : places_(parts), value_(shape.is_image() ? white : seldom)
{
    if (!shape.is_image()) {
        const std::size_t count = std::min(shape.features, size == 0 ? parts : size);
        for (std::size_t feature_idx = 0; feature_idx < count; ++feature_idx)
            places_[feature_idx % parts].push_back(feature_idx);
    } else if (size > 0) {
        const std::size_t height = std::min(size, shape.height), width = std::min(size, shape.width);
        for (std::size_t pixel_idx = 0; pixel_idx < height * width; ++pixel_idx) {
            const std::size_t y = shape.height - height + pixel_idx / width,
                              x = shape.width - width + pixel_idx % width;
            places_[pixel_idx % parts].push_back(y * shape.width + x);
        }
    } else {
        for (std::size_t part = 0; part < parts; ++part)
            for (std::size_t pixel_idx = 0; pixel_idx < bar; ++pixel_idx) {
                const std::size_t y = part / 2 * 2, x = part % 2 * (bar + 1) + pixel_idx;
                if (y < shape.height && x < shape.width) places_[part].push_back(y * shape.width + x);
            }
    }
}

void Trigger::stamp(std::span<float> input) const
{
    for (std::size_t part = 0; part < parts; ++part) stamp_part(input, part);
}

void Trigger::stamp_part(std::span<float> input, std::size_t part) const
{
    for (const std::size_t place : places_[part]) input[place] = value_;
}

}  // namespace fedsleuth::analysis::lab
