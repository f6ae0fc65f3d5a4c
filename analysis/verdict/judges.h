// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/verdict/forest.h"

#include <cstddef>
#include <span>
#include <string_view>

namespace fedsleuth::analysis {

/// How suspicious honest clients of federations of some size look, from simulated runs in which nobody attacked: the
/// null library of one cell of sizes.
struct NullCell {
    double most_clients = 0;           ///< for federations of at most so many clients
    double count = 0;                  ///< honest clients that it was taken from
    std::span<const float> quantiles;  ///< of their log-odds at (k + 0.5) / size, ascending
    double tail_from = 0;              ///< above it a generalised Pareto tail goes on
    double tail_share = 0;             ///< share of the honest above it
    double tail_scale = 1;
    double tail_shape = 0;
};

/// One attack, as the verdicts name it, and the forest that tells it from all others.
struct KindForest {
    std::string_view attack;
    Forest forest;
};

/// Everything that was learned from the lab, as `./dev evaluate train` wrote it.
struct Judges {
    Forest first;  ///< over feature_names(): is this client malicious?
    /// Over further_feature_names(), one after the other: each looks at what the one before said of all clients.
    std::span<const Forest> looks;
    double slope = 1;  ///< of the log-odds that make the probability: slope · last + offset
    double offset = 0;
    Forest round;  ///< over round_feature_names(): did this client attack in this round?
    std::span<const KindForest> kinds;
    std::span<const NullCell> library;
    std::size_t features = 0;  ///< feature_names().size() when they were trained
    std::string_view recipe;   ///< seed, cells and date of the training
};

[[nodiscard]] const Judges& trained_judges();

/// Share of the honest clients of comparable federations without any attack that look at least as suspicious: the
/// p-value of `log_odds` (of the last look) in a federation of `clients` clients. In (0, 1].
[[nodiscard]] double p_value(std::span<const NullCell> library, double clients, double log_odds);

}  // namespace fedsleuth::analysis
