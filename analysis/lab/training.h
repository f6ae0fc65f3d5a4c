// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/lab/network.h"

#include <cstddef>
#include <span>
#include <vector>

namespace fedsleuth::analysis::lab {

/// Local stochastic gradient descent with momentum (PyTorch's: v ← m v + g, w ← w − η v).
struct TrainingOptions {
    double learning_rate = 0.08;
    double momentum = 0.8;
    std::size_t epochs = 2;
    std::size_t batch = 16;
};

/// What an attacker changes about the descent itself; the default changes nothing.
struct TrainingBend {
    /// Coordinates that may move (Neurotoxin); empty: all.
    std::vector<bool> free;
    /// After every step the model is pulled back to this L2 distance from where it started (projected gradient
    /// descent); 0: it is not.
    double radius = 0;
    /// Weight of 1 − cos(w, w₀) in the loss, beside 1 − anomaly of the cross entropy (constrain-and-scale); 0: none.
    double anomaly = 0;
};

struct TrainingResult {
    std::vector<float> weights;
    double loss = 0;  ///< mean over the examples of the last epoch, each taken before the step that used it
};

/// Trains from `start` on `data`, epoch after epoch in random order. The same numbers come out whatever else runs.
[[nodiscard]] TrainingResult train(Network& network, std::span<const float> start, const Dataset& data,
                                   const TrainingOptions& options, const TrainingBend& bend, Random& random);

}  // namespace fedsleuth::analysis::lab
