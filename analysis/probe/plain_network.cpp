// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/probe/plain_network.h"

#include "analysis/probe/plain_shapes.h"
#include "model/text.h"

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <optional>

namespace fedsleuth::analysis {

using model::fail;
using model::Layer;
using Convolution = PlainNetwork::Convolution;
using Dense = PlainNetwork::Dense;

namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using ConstMap = Eigen::Map<const Matrix>;
using Map = Eigen::Map<Matrix>;
using ConstRow = Eigen::Map<const Eigen::RowVectorXf>;

constexpr std::size_t most_block_rows = 256;
constexpr std::size_t block_numbers = std::size_t{1} << 22;  // that a block of rows may come to within a layer: 16 MiB

Eigen::Index at(std::size_t number) { return static_cast<Eigen::Index>(number); }
ConstMap matrix(const float* data, std::size_t rows, std::size_t columns) { return {data, at(rows), at(columns)}; }
Map matrix(float* data, std::size_t rows, std::size_t columns) { return {data, at(rows), at(columns)}; }

/// y = x W + b, W [in, out] or its transpose.
void multiply(const float* weights, std::size_t weight, std::size_t bias, bool in_first, const float* x,
              std::size_t rows, std::size_t in, std::size_t out, float* y)
{
    Map result = matrix(y, rows, out);
    if (in_first)
        result.noalias() = matrix(x, rows, in) * matrix(weights + weight, in, out);
    else
        result.noalias() = matrix(x, rows, in) * matrix(weights + weight, out, in).transpose();
    result.rowwise() += ConstRow(weights + bias, at(out));
}

void rectify(std::vector<float>& values)
{
    for (float& value : values) value = value > 0 ? value : 0.0F;
}

/// The neighbourhood of every position, in the order of the layer's kernels; zeros outside the image. `x`: positions
/// with channels innermost.
void unroll(const Convolution& layer, const float* x, std::size_t images, std::vector<float>& out)
{
    const std::size_t height = layer.convolved_height(), width = layer.convolved_width();
    const std::size_t taps = layer.kernel_height * layer.kernel_width;
    const std::size_t border_y = layer.same ? layer.kernel_height / 2 : 0;
    const std::size_t border_x = layer.same ? layer.kernel_width / 2 : 0;
    out.assign(images * height * width * taps * layer.in, 0.0F);
    float* row = out.data();
    for (std::size_t image = 0; image < images; ++image, x += layer.height * layer.width * layer.in)
        for (std::size_t y = 0; y < height; ++y)
            for (std::size_t column = 0; column < width; ++column, row += taps * layer.in)
                for (std::size_t tap = 0; tap < taps; ++tap) {
                    const std::size_t from_y = y + tap / layer.kernel_width;  // both too large by the border
                    const std::size_t from_x = column + tap % layer.kernel_width;
                    if (from_y < border_y || from_y - border_y >= layer.height) continue;
                    if (from_x < border_x || from_x - border_x >= layer.width) continue;
                    const float* from = x + ((from_y - border_y) * layer.width + from_x - border_x) * layer.in;
                    for (std::size_t channel = 0; channel < layer.in; ++channel)
                        row[layer.channels_last ? tap * layer.in + channel : channel * taps + tap] = from[channel];
                }
}

/// 2 × 2 maximum pooling of positions with channels innermost.
std::vector<float> pool(const Convolution& layer, const std::vector<float>& convolved, std::size_t images)
{
    const std::size_t height = layer.convolved_height(), width = layer.convolved_width();
    std::vector<float> pooled(images * layer.outputs());
    std::size_t place = 0;
    for (std::size_t image = 0; image < images; ++image)
        for (std::size_t y = 0; y < layer.out_height(); ++y)
            for (std::size_t x = 0; x < layer.out_width(); ++x)
                for (std::size_t channel = 0; channel < layer.out; ++channel, ++place) {
                    const auto value = [&](std::size_t dy, std::size_t dx) {
                        return convolved[((image * height + 2 * y + dy) * width + 2 * x + dx) * layer.out + channel];
                    };
                    pooled[place] = std::max({value(0, 0), value(0, 1), value(1, 0), value(1, 1)});
                }
    return pooled;
}

std::vector<float> convolve(const Convolution& layer, const float* weights, const float* x, std::size_t images)
{
    const std::size_t taps = layer.kernel_height * layer.kernel_width * layer.in;
    const std::size_t positions = layer.convolved_height() * layer.convolved_width();
    const std::size_t at_once = std::max<std::size_t>(1, block_numbers / std::max<std::size_t>(1, positions * taps));
    std::vector<float> convolved(images * positions * layer.out), unrolled;
    for (std::size_t first = 0; first < images; first += at_once) {
        const std::size_t count = std::min(at_once, images - first);
        unroll(layer, x + first * layer.height * layer.width * layer.in, count, unrolled);
        multiply(weights, layer.weight, layer.bias, layer.channels_last, unrolled.data(), count * positions, taps,
                 layer.out, convolved.data() + first * positions * layer.out);
    }
    rectify(convolved);
    return layer.pooled ? pool(layer, convolved, images) : convolved;
}

/// From channel by channel to channels innermost, or back.
std::vector<float> channels_innermost(const float* x, std::size_t images, std::size_t channels, std::size_t positions)
{
    std::vector<float> out(images * channels * positions);
    for (std::size_t image = 0; image < images; ++image)
        for (std::size_t channel = 0; channel < channels; ++channel)
            for (std::size_t position = 0; position < positions; ++position)
                out[(image * positions + position) * channels + channel] =
                    x[(image * channels + channel) * positions + position];
    return out;
}

struct Image {
    std::size_t height = 0, width = 0;
    bool channels_last = false;
};

std::size_t product(const std::vector<std::int64_t>& shape)
{
    std::size_t count = 1;
    for (const std::int64_t size : shape) count *= static_cast<std::size_t>(size);
    return count;
}

model::Result<Image> image_of(const std::vector<std::int64_t>& input, std::size_t channels, bool kernels_last)
{
    const auto sized = [&](std::size_t idx) { return static_cast<std::size_t>(input[idx]); };
    if (input.size() == 1 && channels > 0 && sized(0) % channels == 0) {
        const auto side = static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(sized(0) / channels))));
        if (side * side * channels == sized(0)) return Image{side, side, kernels_last};
    }
    if (input.size() == 2 && channels == 1) return Image{sized(0), sized(1), false};
    if (input.size() == 3) {
        const bool first = sized(0) == channels, last = sized(2) == channels;
        if (last && (kernels_last || !first)) return Image{sized(0), sized(1), true};
        if (first) return Image{sized(1), sized(2), false};
    }
    return fail(model::ErrorCode::invalid_argument,
                "inputs of shape " + model::shape_text(input) + " are no images with " + std::to_string(channels) +
                    (channels == 1 ? " channel" : " channels") + ", which the first convolution takes");
}

enum class Pooling { each, none, last };

/// The convolutions of `pairs` on that image; nothing where a kernel or a pool finds no room.
std::optional<std::vector<Convolution>> lay_convolutions(std::span<const WeightAndBias> pairs, const Image& image,
                                                         bool same, Pooling pooling)
{
    std::vector<Convolution> plan;
    std::size_t height = image.height, width = image.width;
    for (std::size_t idx = 0; idx < pairs.size(); ++idx) {
        const std::vector<std::int64_t>& shape = pairs[idx].weight->shape;
        const bool last = pairs[idx].outputs_last;
        const auto size = [&](std::size_t dimension) { return static_cast<std::size_t>(shape[dimension]); };
        Convolution layer;
        layer.weight = static_cast<std::size_t>(pairs[idx].weight->offset);
        layer.bias = static_cast<std::size_t>(pairs[idx].bias->offset);
        layer.channels_last = last;
        layer.out = last ? size(3) : size(0);
        layer.in = last ? size(2) : size(1);
        layer.kernel_height = last ? size(0) : size(2);
        layer.kernel_width = last ? size(1) : size(3);
        layer.height = height;
        layer.width = width;
        layer.same = same;
        layer.pooled = pooling == Pooling::each || (pooling == Pooling::last && idx + 1 == pairs.size());
        if (same && (layer.kernel_height % 2 == 0 || layer.kernel_width % 2 == 0)) return std::nullopt;
        if (!same && (layer.kernel_height > height || layer.kernel_width > width)) return std::nullopt;
        if (!plan.empty() && plan.back().out != layer.in) return std::nullopt;
        height = layer.out_height();
        width = layer.out_width();
        if (height == 0 || width == 0) return std::nullopt;
        plan.push_back(layer);
    }
    return plan;
}

/// The only plan of zero borders and pooling after which the first dense layer fits.
model::Result<std::vector<Convolution>> plan_convolutions(std::span<const WeightAndBias> pairs, const Image& image,
                                                          std::size_t flat)
{
    std::vector<std::vector<Convolution>> fitting;
    for (const bool same : {true, false})
        for (const Pooling pooling : {Pooling::each, Pooling::none, Pooling::last}) {
            if (pooling == Pooling::last && pairs.size() == 1) continue;  // the same as `each`
            auto plan = lay_convolutions(pairs, image, same, pooling);
            if (plan && plan->back().outputs() == flat) fitting.push_back(std::move(*plan));
        }
    if (fitting.size() == 1) return std::move(fitting.front());
    return fail(model::ErrorCode::unsupported,
                fitting.empty() ? "no usual plan of borders and 2 × 2 pooling makes the convolutions' result fit the " +
                                      std::to_string(flat) + " inputs of the first dense layer"
                                : "more than one plan of borders and pooling fits the convolutions' sizes",
                {}, "a probe set helps with models whose forward pass can be told from the shapes of their layers");
}

model::Result<std::vector<Dense>> plan_dense(std::span<const WeightAndBias> pairs)
{
    std::vector<Dense> plan;
    for (const WeightAndBias& pair : pairs) {
        const auto rows = static_cast<std::size_t>(pair.weight->shape[0]);
        const auto columns = static_cast<std::size_t>(pair.weight->shape[1]);
        Dense layer;
        layer.weight = static_cast<std::size_t>(pair.weight->offset);
        layer.bias = static_cast<std::size_t>(pair.bias->offset);
        layer.transposed = pair.outputs_last;
        layer.in = pair.outputs_last ? rows : columns;
        layer.out = pair.outputs_last ? columns : rows;
        if (!plan.empty() && plan.back().out != layer.in)
            return fail(model::ErrorCode::unsupported,
                        "the model is no plain stack: " + model::visible(pair.weight->name) + " takes " +
                            std::to_string(layer.in) + " numbers, and the layer before gives " +
                            std::to_string(plan.back().out));
        plan.push_back(layer);
    }
    if (plan.back().out < 2)
        return fail(model::ErrorCode::unsupported, "the model has one output: probes are for classifiers by softmax");
    return plan;
}

}  // namespace

model::Result<PlainNetwork> PlainNetwork::recognise(const std::vector<Layer>& layers,
                                                    const std::vector<std::int64_t>& input)
{
    FEDSLEUTH_TRY(const std::vector<WeightAndBias> pairs, pair_layers(layers));
    const auto is_dense = [](const WeightAndBias& pair) { return pair.weight->shape.size() == 2; };
    const auto first_dense =
        static_cast<std::size_t>(std::find_if(pairs.begin(), pairs.end(), is_dense) - pairs.begin());
    if (first_dense == pairs.size())
        return fail(model::ErrorCode::unsupported, "the model ends with a convolution: there are no classes to tell");
    PlainNetwork network;
    network.coordinates_ = static_cast<std::size_t>(model::coordinate_count(layers));
    network.inputs_ = product(input);
    FEDSLEUTH_TRY(network.dense_, plan_dense(std::span(pairs).subspan(first_dense)));
    if (first_dense > 0) {
        const std::span<const WeightAndBias> convolutions = std::span(pairs).first(first_dense);
        const bool last = convolutions.front().outputs_last;
        const auto channels = static_cast<std::size_t>(convolutions.front().weight->shape[last ? 2 : 1]);
        FEDSLEUTH_TRY(const Image image, image_of(input, channels, last));
        network.input_channels_last_ = image.channels_last;
        FEDSLEUTH_TRY(network.convolutions_, plan_convolutions(convolutions, image, network.dense_.front().in));
    } else if (network.dense_.front().in != network.inputs_) {
        return fail(model::ErrorCode::invalid_argument,
                    "an input has " + std::to_string(network.inputs_) + " numbers (" + model::shape_text(input) +
                        "), and the model takes " + std::to_string(network.dense_.front().in));
    }
    return network;
}

std::string PlainNetwork::text() const
{
    std::string text;
    if (convolutions_.empty()) text = std::to_string(inputs_);
    for (const Convolution& layer : convolutions_) {
        if (text.empty())
            text =
                std::to_string(layer.in) + " × " + std::to_string(layer.height) + " × " + std::to_string(layer.width);
        text += " → " + std::to_string(layer.out) + " × " + std::to_string(layer.out_height()) + " × " +
                std::to_string(layer.out_width()) + " (convolution, ReLU" + (layer.pooled ? ", pooling)" : ")");
    }
    for (std::size_t idx = 0; idx < dense_.size(); ++idx)
        text += " → " + std::to_string(dense_[idx].out) + (idx + 1 < dense_.size() ? " (ReLU)" : "");
    return text;
}

std::vector<float> PlainNetwork::logits(std::span<const float> weights, std::span<const float> x) const
{
    const std::size_t rows = x.size() / inputs_;
    std::size_t widest = inputs_;
    for (const Convolution& layer : convolutions_)
        widest = std::max(widest, layer.convolved_height() * layer.convolved_width() * layer.out);
    for (const Dense& layer : dense_) widest = std::max(widest, layer.out);
    const std::size_t block_rows = std::clamp<std::size_t>(block_numbers / widest, 1, most_block_rows);
    std::vector<float> all;
    all.reserve(rows * classes());
    for (std::size_t first = 0; first < rows; first += block_rows) {
        const std::size_t count = std::min(block_rows, rows - first);
        const float* block = x.data() + first * inputs_;
        std::vector<float> values;
        if (convolutions_.empty()) {
            values.assign(block, block + count * inputs_);
        } else {
            const Convolution& front = convolutions_.front();
            if (input_channels_last_)
                values.assign(block, block + count * inputs_);
            else
                values = channels_innermost(block, count, front.in, front.height * front.width);
            for (const Convolution& layer : convolutions_)
                values = convolve(layer, weights.data(), values.data(), count);
            const Convolution& back = convolutions_.back();
            // PyTorch flattens channel by channel, Keras position by position.
            if (!back.channels_last)
                values = channels_innermost(values.data(), count, back.out_height() * back.out_width(), back.out);
        }
        for (std::size_t idx = 0; idx < dense_.size(); ++idx) {
            const Dense& layer = dense_[idx];
            std::vector<float> out(count * layer.out);
            multiply(weights.data(), layer.weight, layer.bias, layer.transposed, values.data(), count, layer.in,
                     layer.out, out.data());
            if (idx + 1 < dense_.size()) rectify(out);
            values = std::move(out);
        }
        all.insert(all.end(), values.begin(), values.end());
    }
    return all;
}

void log_softmax(std::span<float> logits, std::size_t classes)
{
    for (std::size_t first = 0; first + classes <= logits.size(); first += classes) {
        const std::span<float> row = logits.subspan(first, classes);
        const float top = *std::max_element(row.begin(), row.end());
        double sum = 0;
        for (const float value : row) sum += std::exp(static_cast<double>(value) - top);
        const auto shift = static_cast<float>(top + std::log(sum));
        for (float& value : row) value -= shift;
    }
}

std::vector<std::int32_t> answers(std::span<const float> logits, std::size_t classes)
{
    std::vector<std::int32_t> all;
    for (std::size_t first = 0; first + classes <= logits.size(); first += classes) {
        const std::span<const float> row = logits.subspan(first, classes);
        all.push_back(static_cast<std::int32_t>(std::max_element(row.begin(), row.end()) - row.begin()));
    }
    return all;
}

double share_equal(std::span<const std::int32_t> answered, std::span<const std::int32_t> labels)
{
    const std::size_t count = std::min(answered.size(), labels.size());
    std::size_t equal = 0;
    for (std::size_t idx = 0; idx < count; ++idx) equal += answered[idx] == labels[idx];
    return count == 0 ? 0 : static_cast<double>(equal) / static_cast<double>(count);
}

}  // namespace fedsleuth::analysis
