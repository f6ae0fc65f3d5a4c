// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/lab/dataset.h"

#include <cstddef>
#include <span>
#include <vector>

namespace fedsleuth::analysis::lab {

/// What a backdoor answers to. On images: a white square in the lower right corner, or (size 0) four short white bars
/// in the upper left one, which can be stamped one by one. On plain rows: the first features, set to a value that they
/// seldom have.
class Trigger {
public:
    static constexpr std::size_t parts = 4;

    Trigger(const InputShape& shape, std::size_t size);

    void stamp(std::span<float> input) const;
    /// One of the four parts alone.
    void stamp_part(std::span<float> input, std::size_t part) const;

private:
    std::vector<std::vector<std::size_t>> places_;  ///< of each part
    float value_;
};

}  // namespace fedsleuth::analysis::lab
