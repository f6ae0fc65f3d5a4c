// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/lab/random.h"
#include "model/result.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace fedsleuth::analysis::lab {

/// What one input is: an image (one channel, row-major, values from 0 to 1) or a plain row of features.
struct InputShape {
    std::size_t height = 0;  ///< 0: no image
    std::size_t width = 0;
    std::size_t features = 0;  ///< numbers per input: height × width for an image

    [[nodiscard]] bool is_image() const { return height > 0; }
    bool operator==(const InputShape&) const = default;
};

/// Inputs and their labels.
struct Dataset {
    InputShape shape;
    std::size_t classes = 0;
    std::vector<float> inputs;         ///< size() × shape.features, row-major
    std::vector<std::int32_t> labels;  ///< size(), each in [0, classes)

    [[nodiscard]] std::size_t size() const { return labels.size(); }
    [[nodiscard]] std::span<float> input(std::size_t example_idx)
    {
        return std::span(inputs).subspan(example_idx * shape.features, shape.features);
    }
    [[nodiscard]] std::span<const float> input(std::size_t example_idx) const
    {
        return std::span(inputs).subspan(example_idx * shape.features, shape.features);
    }
    void add(std::span<const float> input, std::int32_t label);
};

/// Where examples come from: any number of each class.
class ExampleSource {
public:
    virtual ~ExampleSource() = default;
    [[nodiscard]] virtual InputShape shape() const = 0;
    [[nodiscard]] virtual std::size_t classes() const = 0;
    /// One example of the class, written over `input` (shape().features numbers). Sources of finite size hand out the
    /// next unused one of the class, and start again at the end.
    virtual void make(std::size_t label, Random& random, std::span<float> input) = 0;
    /// One input of the class as hardly anybody has them: the far tail of the same distribution.
    virtual void make_rare(std::size_t label, Random& random, std::span<float> input) = 0;
};

/// Ten classes of strokes that look like the digits, drawn with random slant, turn, size, place, thickness, and with
/// noise: side × side grey values from 0 to 1. 8 ≤ side ≤ 64.
[[nodiscard]] std::unique_ptr<ExampleSource> digit_strokes(std::size_t side);

/// A mixture of one Gaussian a class in `features` dimensions; the centres are drawn from `seed`, `spread` apart in
/// units of the standard deviation of a class.
[[nodiscard]] std::unique_ptr<ExampleSource> gaussian_mixture(std::size_t features, std::size_t classes, double spread,
                                                              std::uint64_t seed);

/// The user's own images, as two IDX files hold them (MNIST's format: big-endian, unsigned bytes, rank 3 and rank 1).
/// Errors: malformed where the bytes are no such files or don't belong together; limit beyond 2^31 pixels.
[[nodiscard]] model::Result<std::unique_ptr<ExampleSource>> idx_examples(std::span<const std::uint8_t> images,
                                                                         std::span<const std::uint8_t> labels);

/// `counts[label]` examples of every class, in random order.
[[nodiscard]] Dataset make_dataset(ExampleSource& source, std::span<const std::size_t> counts, Random& random);

}  // namespace fedsleuth::analysis::lab
