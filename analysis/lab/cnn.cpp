// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/lab/matrices.h"
#include "analysis/lab/network.h"

#include <algorithm>
#include <cstdint>

namespace fedsleuth::analysis::lab {

namespace {

/// 3 × 3 convolution with a border of zeros, ReLU, and 2 × 2 maximum pooling (an odd last row or column is left out).
/// Values lie position by position, channels innermost: a convolution is then one product of the unrolled
/// neighbourhoods with the kernels.
class Block {
public:
    Block(std::size_t offset, std::size_t height, std::size_t width, std::size_t in, std::size_t out)
        : dense_{offset, 9 * in, out}, height_(height), width_(width), in_(in)
    {
        find_neighbours();
    }

    [[nodiscard]] std::size_t size() const { return dense_.size(); }
    [[nodiscard]] std::size_t outputs() const { return height_ / 2 * (width_ / 2) * dense_.out; }

    /// `x`: batch × height × width × in. Returns batch × height/2 × width/2 × out.
    const std::vector<float>& forward(const float* weights, const float* x, std::size_t batch)
    {
        unroll(x, batch);
        const std::size_t rows = batch * height_ * width_;
        convolved_.resize(rows * dense_.out);
        dense_.forward(weights, unrolled_.data(), rows, convolved_.data());
        pool(batch);
        return pooled_;
    }

    /// `by_pooled` as forward's result; writes the gradient, and the derivative by x unless null.
    void backward(const float* weights, std::size_t batch, const float* by_pooled, float* gradient, float* by_x)
    {
        const std::size_t rows = batch * height_ * width_;
        by_convolved_.assign(rows * dense_.out, 0.0F);
        for (std::size_t value_idx = 0; value_idx < pooled_.size(); ++value_idx)
            if (pooled_[value_idx] > 0) by_convolved_[winner_[value_idx]] = by_pooled[value_idx];
        if (by_x) by_unrolled_.resize(rows * 9 * in_);
        dense_.backward(weights, unrolled_.data(), rows, by_convolved_.data(), gradient,
                        by_x ? by_unrolled_.data() : nullptr);
        if (by_x) roll_up(batch, by_x);
    }

private:
    struct Neighbour {
        std::uint32_t unrolled = 0;  ///< where its value lies in the image's unrolled neighbourhoods
        std::uint32_t place = 0;     ///< and in the image
    };

    /// All neighbours that lie inside one image. Within a row of neighbourhoods, values lie as PyTorch's kernels do:
    /// channel by channel, 3 × 3 each; what is missing outside stays 0.
    void find_neighbours()
    {
        for (std::size_t row_idx = 0; row_idx < height_ * width_; ++row_idx)
            for (std::size_t tap = 0; tap < 9; ++tap) {
                const std::size_t y = row_idx / width_ + tap / 3, x = row_idx % width_ + tap % 3;  // one too large
                if (y < 1 || y > height_ || x < 1 || x > width_) continue;
                for (std::size_t channel = 0; channel < in_; ++channel)
                    neighbours_.push_back({static_cast<std::uint32_t>((row_idx * in_ + channel) * 9 + tap),
                                           static_cast<std::uint32_t>(((y - 1) * width_ + x - 1) * in_ + channel)});
            }
    }
    [[nodiscard]] std::size_t image_size() const { return height_ * width_ * in_; }
    void unroll(const float* x, std::size_t batch)
    {
        if (unrolled_.size() < batch * 9 * image_size()) unrolled_.resize(batch * 9 * image_size(), 0.0F);
        for (std::size_t image_idx = 0; image_idx < batch; ++image_idx) {
            float* to = unrolled_.data() + image_idx * 9 * image_size();
            const float* from = x + image_idx * image_size();
            for (const Neighbour& neighbour : neighbours_) to[neighbour.unrolled] = from[neighbour.place];
        }
    }
    void roll_up(std::size_t batch, float* by_x) const
    {
        std::fill_n(by_x, batch * image_size(), 0.0F);
        for (std::size_t image_idx = 0; image_idx < batch; ++image_idx) {
            const float* from = by_unrolled_.data() + image_idx * 9 * image_size();
            float* to = by_x + image_idx * image_size();
            for (const Neighbour& neighbour : neighbours_) to[neighbour.place] += from[neighbour.unrolled];
        }
    }
    void pool(std::size_t batch)
    {
        pooled_.resize(batch * outputs());
        winner_.resize(pooled_.size());
        std::size_t value_idx = 0;
        for (std::size_t image_idx = 0; image_idx < batch; ++image_idx)
            for (std::size_t y = 0; y + 1 < height_; y += 2)
                for (std::size_t x = 0; x + 1 < width_; x += 2)
                    for (std::size_t channel = 0; channel < dense_.out; ++channel, ++value_idx) {
                        const auto place = [&](std::size_t dy, std::size_t dx) {
                            return ((image_idx * height_ + y + dy) * width_ + x + dx) * dense_.out + channel;
                        };
                        std::size_t best = place(0, 0);
                        for (const std::size_t other : {place(0, 1), place(1, 0), place(1, 1)})
                            if (convolved_[other] > convolved_[best]) best = other;
                        winner_[value_idx] = best;
                        pooled_[value_idx] = std::max(convolved_[best], 0.0F);
                    }
    }

    Dense dense_;
    std::size_t height_, width_, in_;
    std::vector<Neighbour> neighbours_;
    std::vector<float> unrolled_, convolved_, pooled_, by_convolved_, by_unrolled_;
    std::vector<std::size_t> winner_;
};

class Cnn final : public Network {
public:
    Cnn(const InputShape& shape, std::size_t classes, std::size_t first_channels, std::size_t second_channels)
        : Network(shape.features, classes),
          first_(0, shape.height, shape.width, 1, first_channels),
          second_(first_.size(), shape.height / 2, shape.width / 2, first_channels, second_channels),
          dense_{first_.size() + second_.size(), second_.outputs(), classes},
          channels_(second_channels)
    {
        const auto one = static_cast<std::int64_t>(first_channels), two = static_cast<std::int64_t>(second_channels),
                   flat = static_cast<std::int64_t>(second_.outputs()), out = static_cast<std::int64_t>(classes);
        add_layer("conv1.weight", {one, 1, 3, 3}, 9);
        add_layer("conv1.bias", {one}, 9);
        add_layer("conv2.weight", {two, one, 3, 3}, 9 * first_channels);
        add_layer("conv2.bias", {two}, 9 * first_channels);
        add_layer("fc.weight", {out, flat}, second_.outputs());
        add_layer("fc.bias", {out}, second_.outputs());
    }
    std::unique_ptr<Network> copy() const override { return std::make_unique<Cnn>(*this); }

private:
    void forward(const float* weights, const float* x, std::size_t batch, float* logits) override
    {
        const std::vector<float>& middle = first_.forward(weights, x, batch);
        const std::vector<float>& pooled = second_.forward(weights, middle.data(), batch);
        flat_.resize(pooled.size());
        each_flat([&](std::size_t flat, std::size_t place) { flat_[flat] = pooled[place]; });
        dense_.forward(weights, flat_.data(), batch, logits);
    }
    void backward(const float* weights, const float* x, std::size_t batch, const float* by_logits,
                  float* gradient) override
    {
        (void)x;  // unrolled already
        by_flat_.resize(batch * second_.outputs());
        by_middle_.resize(batch * first_.outputs());
        by_pooled_.resize(by_flat_.size());
        dense_.backward(weights, flat_.data(), batch, by_logits, gradient, by_flat_.data());
        each_flat([&](std::size_t flat, std::size_t place) { by_pooled_[place] = by_flat_[flat]; });
        second_.backward(weights, batch, by_pooled_.data(), gradient, by_middle_.data());
        first_.backward(weights, batch, by_middle_.data(), gradient, nullptr);
    }

    /// The dense layer takes the values channel by channel, as PyTorch flattens them: visit(flat place, pooled place).
    template <class Visit>
    void each_flat(const Visit& visit) const
    {
        const std::size_t positions = second_.outputs() / channels_;
        for (std::size_t place = 0; place < flat_.size(); ++place) {
            const std::size_t image = place / second_.outputs(), within = place % second_.outputs();
            visit(image * second_.outputs() + within % channels_ * positions + within / channels_, place);
        }
    }

    Block first_;
    Block second_;
    Dense dense_;
    std::size_t channels_;
    std::vector<float> flat_;
    std::vector<float> by_flat_;
    std::vector<float> by_pooled_;
    std::vector<float> by_middle_;
};

}  // namespace

std::unique_ptr<Network> make_cnn(const InputShape& shape, std::size_t classes, std::size_t first_channels,
                                  std::size_t second_channels)
{
    if (shape.height < 4 || shape.width < 4) return nullptr;
    return std::make_unique<Cnn>(shape, classes, first_channels, second_channels);
}

}  // namespace fedsleuth::analysis::lab
