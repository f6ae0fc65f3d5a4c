// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/lab/training.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace fedsleuth::analysis::lab {

namespace {

double dot(std::span<const float> a, std::span<const float> b)
{
    double sum = 0;
    for (std::size_t coord_idx = 0; coord_idx < a.size(); ++coord_idx)
        sum += static_cast<double>(a[coord_idx]) * b[coord_idx];
    return sum;
}

/// Mixes the gradient of 1 − cos(w, w₀) into `gradient`.
void add_anomaly(std::span<const float> weights, std::span<const float> start, double share, std::span<float> gradient)
{
    const double square = dot(weights, weights), start_square = dot(start, start), product = dot(weights, start);
    if (square <= 0 || start_square <= 0) return;
    const double scale = 1.0 / std::sqrt(square * start_square);
    for (std::size_t coord_idx = 0; coord_idx < gradient.size(); ++coord_idx) {
        const double by_cosine = (start[coord_idx] - product / square * weights[coord_idx]) * scale;
        gradient[coord_idx] = static_cast<float>((1.0 - share) * gradient[coord_idx] - share * by_cosine);
    }
}

void project(std::span<float> weights, std::span<const float> start, double radius)
{
    double square = 0;
    for (std::size_t coord_idx = 0; coord_idx < weights.size(); ++coord_idx) {
        const double moved = static_cast<double>(weights[coord_idx]) - start[coord_idx];
        square += moved * moved;
    }
    if (square <= radius * radius) return;
    const double scale = radius / std::sqrt(square);
    for (std::size_t coord_idx = 0; coord_idx < weights.size(); ++coord_idx) {
        const double moved = static_cast<double>(weights[coord_idx]) - start[coord_idx];
        weights[coord_idx] = static_cast<float>(start[coord_idx] + scale * moved);
    }
}

}  // namespace

TrainingResult train(Network& network, std::span<const float> start, const Dataset& data,
                     const TrainingOptions& options, const TrainingBend& bend, Random& random)
{
    const std::size_t features = data.shape.features;
    const auto rate = static_cast<float>(options.learning_rate), momentum = static_cast<float>(options.momentum);
    TrainingResult result{{start.begin(), start.end()}, 0};
    std::vector<float> gradient(start.size()), velocity(start.size(), 0.0F), batch_inputs;
    std::vector<std::int32_t> batch_labels;
    std::vector<std::size_t> order(data.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (std::size_t epoch = 0; epoch < options.epochs; ++epoch) {
        random.shuffle(std::span(order));
        double loss = 0;
        for (std::size_t first = 0; first < order.size(); first += options.batch) {
            const std::size_t count = std::min(options.batch, order.size() - first);
            batch_inputs.resize(count * features);
            batch_labels.resize(count);
            for (std::size_t row_idx = 0; row_idx < count; ++row_idx) {
                const std::size_t example_idx = order[first + row_idx];
                std::copy_n(data.input(example_idx).begin(), features, batch_inputs.begin() + row_idx * features);
                batch_labels[row_idx] = data.labels[example_idx];
            }
            loss += network.loss_and_gradient(result.weights, batch_inputs, batch_labels, gradient) *
                    static_cast<double>(count);
            if (bend.anomaly > 0) add_anomaly(result.weights, start, bend.anomaly, gradient);
            if (!bend.free.empty())
                for (std::size_t coord_idx = 0; coord_idx < gradient.size(); ++coord_idx)
                    if (!bend.free[coord_idx]) gradient[coord_idx] = 0;
            for (std::size_t coord_idx = 0; coord_idx < gradient.size(); ++coord_idx) {
                velocity[coord_idx] = momentum * velocity[coord_idx] + gradient[coord_idx];
                result.weights[coord_idx] -= rate * velocity[coord_idx];
            }
            if (bend.radius > 0) project(result.weights, start, bend.radius);
        }
        result.loss = loss / static_cast<double>(data.size());
    }
    return result;
}

}  // namespace fedsleuth::analysis::lab
