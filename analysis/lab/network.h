// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/lab/dataset.h"
#include "model/layer.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace fedsleuth::analysis::lab {

enum class NetworkKind {
    softmax,  ///< one dense layer: multinomial logistic regression
    mlp,      ///< dense, ReLU, dense
    cnn,      ///< two times (3 × 3 convolution, ReLU, 2 × 2 maximum pooling), then dense; images alone
};

/// A classifier whose parameters are one flat vector of float32, laid out layer by layer as PyTorch would name and
/// shape them: weights [out, in] (convolutions [out, in, 3, 3]) before biases [out]. The loss is the mean cross entropy
/// of the softmax. Forward and backward passes run on whole batches, on the caller's thread.
///
/// An object keeps the scratch memory of its passes: every thread needs one of its own (copy()).
class Network {
public:
    virtual ~Network() = default;
    [[nodiscard]] virtual std::unique_ptr<Network> copy() const = 0;

    [[nodiscard]] const std::vector<model::Layer>& layers() const { return layers_; }
    [[nodiscard]] std::size_t parameters() const { return parameters_; }
    [[nodiscard]] std::size_t inputs() const { return inputs_; }
    [[nodiscard]] std::size_t classes() const { return classes_; }

    /// Uniform in ±1/√fan-in for weights and biases, as PyTorch's layers start.
    [[nodiscard]] std::vector<float> initial(Random& random) const;

    /// Mean loss over the batch, and its gradient (parameters() numbers, overwritten). `x`: batch × inputs(),
    /// row-major.
    [[nodiscard]] double loss_and_gradient(std::span<const float> weights, std::span<const float> x,
                                           std::span<const std::int32_t> labels, std::span<float> gradient);
    /// Mean loss, the same as loss_and_gradient's.
    [[nodiscard]] double loss(std::span<const float> weights, std::span<const float> x,
                              std::span<const std::int32_t> labels);
    /// The likeliest class of every row of `x`.
    [[nodiscard]] std::vector<std::int32_t> predict(std::span<const float> weights, std::span<const float> x);

protected:
    Network(std::size_t inputs, std::size_t classes) : inputs_(inputs), classes_(classes) {}
    void add_layer(std::string_view name, std::vector<std::int64_t> shape, std::size_t fan_in);

    /// Writes batch × classes logits, and keeps what backward() needs.
    virtual void forward(const float* weights, const float* x, std::size_t batch, float* logits) = 0;
    /// From the loss' derivative by the logits, batch × classes, to the gradient; after forward() on the same batch.
    virtual void backward(const float* weights, const float* x, std::size_t batch, const float* by_logits,
                          float* gradient) = 0;

private:
    /// Turns logits into the loss' derivative by them; returns the mean loss.
    double soften(std::span<const std::int32_t> labels);

    std::vector<model::Layer> layers_;
    std::vector<std::size_t> fan_in_;
    std::size_t parameters_ = 0;
    std::size_t inputs_;
    std::size_t classes_;
    std::vector<float> logits_;
};

/// `hidden`: units of the MLP's hidden layer; the CNN has hidden/4 and hidden/2 channels (at least 2 and 4). Null for a
/// CNN where the inputs are no images of at least 4 × 4.
[[nodiscard]] std::unique_ptr<Network> make_network(NetworkKind kind, const InputShape& shape, std::size_t classes,
                                                    std::size_t hidden);

/// Convolutional part of make_network.
[[nodiscard]] std::unique_ptr<Network> make_cnn(const InputShape& shape, std::size_t classes,
                                                std::size_t first_channels, std::size_t second_channels);

}  // namespace fedsleuth::analysis::lab
