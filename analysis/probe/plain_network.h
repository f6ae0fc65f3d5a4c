// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/layer.h"
#include "model/result.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace fedsleuth::analysis {

/// The victim's classifier, as far as the shapes of its layers tell it: dense layers, or convolutions and then dense
/// layers, each with a bias, ReLU between them, and logits at the end. Holds the plan alone; the weights are given with
/// every pass, as one flat vector of float32 in the federation's layout.
class PlainNetwork {
public:
    /// One layer of the plan. All sizes in numbers, places are coordinates of the flat vector.
    struct Dense {
        std::size_t weight = 0, bias = 0;  ///< first coordinates
        std::size_t in = 0, out = 0;
        bool transposed = false;  ///< weights lie [in, out] (Keras, scikit-learn) and not [out, in] (PyTorch)
    };
    struct Convolution {
        std::size_t weight = 0, bias = 0;
        std::size_t kernel_height = 0, kernel_width = 0;
        std::size_t in = 0, out = 0;        ///< channels
        std::size_t height = 0, width = 0;  ///< of what comes in
        bool same = false;    ///< a border of zeros keeps height and width (odd kernels); else the kernel stays inside
        bool pooled = false;  ///< 2 × 2 maximum pooling after it; an odd last row or column is left out
        bool channels_last = false;  ///< kernels lie [height, width, in, out] (Keras) and not [out, in, height, width]

        [[nodiscard]] std::size_t convolved_height() const { return same ? height : height - kernel_height + 1; }
        [[nodiscard]] std::size_t convolved_width() const { return same ? width : width - kernel_width + 1; }
        [[nodiscard]] std::size_t out_height() const { return convolved_height() / (pooled ? 2 : 1); }
        [[nodiscard]] std::size_t out_width() const { return convolved_width() / (pooled ? 2 : 1); }
        [[nodiscard]] std::size_t outputs() const { return out_height() * out_width() * out; }
    };

    /// `input`: shape of one input: [features], [height, width], [channels, height, width] or [height, width,
    /// channels]; a flat one is taken for a square image where the model begins with a convolution. What shapes can't
    /// tell is chosen so that all sizes fit: which way a weight matrix lies (from its bias), zero borders and pooling
    /// (from the size of the first dense layer). Error unsupported, with the reason, for any model that is not plain or
    /// that more than one plan fits; invalid_argument where the inputs don't fit the model.
    [[nodiscard]] static model::Result<PlainNetwork> recognise(const std::vector<model::Layer>& layers,
                                                               const std::vector<std::int64_t>& input);

    [[nodiscard]] std::size_t inputs() const { return inputs_; }
    [[nodiscard]] std::size_t classes() const { return dense_.back().out; }
    [[nodiscard]] std::size_t coordinates() const { return coordinates_; }  ///< d of the weights
    [[nodiscard]] const Dense& output() const { return dense_.back(); }  ///< the layer that gives the logits
    /// "64 → 16 (ReLU) → 10".
    [[nodiscard]] std::string text() const;

    /// Logits, rows × classes(), row-major. `weights`: coordinates() numbers; `x`: rows × inputs(), row-major, in the
    /// order of the probe's arrays. Works through blocks of rows: its memory does not grow with their number.
    [[nodiscard]] std::vector<float> logits(std::span<const float> weights, std::span<const float> x) const;

private:
    std::vector<Convolution> convolutions_;
    std::vector<Dense> dense_;
    bool input_channels_last_ = false;
    std::size_t inputs_ = 0;
    std::size_t coordinates_ = 0;
};

/// ln of the softmax of every row, in place of the logits (rows × classes).
void log_softmax(std::span<float> logits, std::size_t classes);

/// The likeliest class of every row of logits; the first of equals.
[[nodiscard]] std::vector<std::int32_t> answers(std::span<const float> logits, std::size_t classes);

/// The share of answers that are as `labels` say; 0 without any.
[[nodiscard]] double share_equal(std::span<const std::int32_t> answered, std::span<const std::int32_t> labels);

}  // namespace fedsleuth::analysis
