// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/lab/network.h"

#include "analysis/lab/matrices.h"

#include <algorithm>
#include <cmath>

namespace fedsleuth::analysis::lab {

void Network::add_layer(std::string_view name, std::vector<std::int64_t> shape, std::size_t fan_in)
{
    model::Layer layer;
    layer.name = name;
    layer.shape = std::move(shape);
    layers_.push_back(std::move(layer));
    fan_in_.push_back(fan_in);
    parameters_ = static_cast<std::size_t>(model::lay_out(layers_));
}

std::vector<float> Network::initial(Random& random) const
{
    std::vector<float> weights;
    weights.reserve(parameters_);
    for (std::size_t layer_idx = 0; layer_idx < layers_.size(); ++layer_idx) {
        const double bound = 1.0 / std::sqrt(static_cast<double>(fan_in_[layer_idx]));
        for (std::int64_t left = layers_[layer_idx].count; left > 0; --left)
            weights.push_back(static_cast<float>(random.uniform(-bound, bound)));
    }
    return weights;
}

double Network::soften(std::span<const std::int32_t> labels)
{
    const auto batch = static_cast<float>(labels.size());
    double loss = 0;
    for (std::size_t row_idx = 0; row_idx < labels.size(); ++row_idx) {
        float* row = logits_.data() + row_idx * classes_;
        const float top = *std::max_element(row, row + classes_);
        float sum = 0;
        const float own = row[labels[row_idx]] - top;
        for (std::size_t label = 0; label < classes_; ++label) {
            row[label] = std::exp(row[label] - top);
            sum += row[label];
        }
        loss += std::log(sum) - own;
        for (std::size_t label = 0; label < classes_; ++label) row[label] /= sum * batch;
        row[labels[row_idx]] -= 1.0F / batch;
    }
    return loss / static_cast<double>(labels.size());
}

double Network::loss_and_gradient(std::span<const float> weights, std::span<const float> x,
                                  std::span<const std::int32_t> labels, std::span<float> gradient)
{
    logits_.resize(labels.size() * classes_);
    forward(weights.data(), x.data(), labels.size(), logits_.data());
    const double loss = soften(labels);
    backward(weights.data(), x.data(), labels.size(), logits_.data(), gradient.data());
    return loss;
}

double Network::loss(std::span<const float> weights, std::span<const float> x, std::span<const std::int32_t> labels)
{
    logits_.resize(labels.size() * classes_);
    forward(weights.data(), x.data(), labels.size(), logits_.data());
    return soften(labels);
}

std::vector<std::int32_t> Network::predict(std::span<const float> weights, std::span<const float> x)
{
    const std::size_t rows = x.size() / inputs_;
    logits_.resize(rows * classes_);
    forward(weights.data(), x.data(), rows, logits_.data());
    std::vector<std::int32_t> labels(rows);
    for (std::size_t row_idx = 0; row_idx < rows; ++row_idx) {
        const float* row = logits_.data() + row_idx * classes_;
        labels[row_idx] = static_cast<std::int32_t>(std::max_element(row, row + classes_) - row);
    }
    return labels;
}

namespace {

class Softmax final : public Network {
public:
    Softmax(std::size_t inputs, std::size_t classes) : Network(inputs, classes), dense_{0, inputs, classes}
    {
        add_layer("linear.weight", {static_cast<std::int64_t>(classes), static_cast<std::int64_t>(inputs)}, inputs);
        add_layer("linear.bias", {static_cast<std::int64_t>(classes)}, inputs);
    }
    std::unique_ptr<Network> copy() const override { return std::make_unique<Softmax>(*this); }

private:
    void forward(const float* weights, const float* x, std::size_t batch, float* logits) override
    {
        dense_.forward(weights, x, batch, logits);
    }
    void backward(const float* weights, const float* x, std::size_t batch, const float* by_logits,
                  float* gradient) override
    {
        dense_.backward(weights, x, batch, by_logits, gradient, nullptr);
    }

    Dense dense_;
};

class Mlp final : public Network {
public:
    Mlp(std::size_t inputs, std::size_t classes, std::size_t hidden)
        : Network(inputs, classes), first_{0, inputs, hidden}, second_{first_.size(), hidden, classes}
    {
        const auto in = static_cast<std::int64_t>(inputs), middle = static_cast<std::int64_t>(hidden),
                   out = static_cast<std::int64_t>(classes);
        add_layer("fc1.weight", {middle, in}, inputs);
        add_layer("fc1.bias", {middle}, inputs);
        add_layer("fc2.weight", {out, middle}, hidden);
        add_layer("fc2.bias", {out}, hidden);
    }
    std::unique_ptr<Network> copy() const override { return std::make_unique<Mlp>(*this); }

private:
    void forward(const float* weights, const float* x, std::size_t batch, float* logits) override
    {
        hidden_.resize(batch * first_.out);
        first_.forward(weights, x, batch, hidden_.data());
        for (float& value : hidden_) value = value > 0 ? value : 0.0F;
        second_.forward(weights, hidden_.data(), batch, logits);
    }
    void backward(const float* weights, const float* x, std::size_t batch, const float* by_logits,
                  float* gradient) override
    {
        by_hidden_.resize(batch * first_.out);
        second_.backward(weights, hidden_.data(), batch, by_logits, gradient, by_hidden_.data());
        for (std::size_t value_idx = 0; value_idx < by_hidden_.size(); ++value_idx)
            if (hidden_[value_idx] <= 0) by_hidden_[value_idx] = 0;
        first_.backward(weights, x, batch, by_hidden_.data(), gradient, nullptr);
    }

    Dense first_;
    Dense second_;
    std::vector<float> hidden_;
    std::vector<float> by_hidden_;
};

}  // namespace

std::unique_ptr<Network> make_network(NetworkKind kind, const InputShape& shape, std::size_t classes,
                                      std::size_t hidden)
{
    switch (kind) {
        case NetworkKind::softmax:
            return std::make_unique<Softmax>(shape.features, classes);
        case NetworkKind::mlp:
            return std::make_unique<Mlp>(shape.features, classes, hidden);
        case NetworkKind::cnn:
            return make_cnn(shape, classes, std::max<std::size_t>(2, hidden / 4), std::max<std::size_t>(4, hidden / 2));
    }
    return nullptr;
}

}  // namespace fedsleuth::analysis::lab
