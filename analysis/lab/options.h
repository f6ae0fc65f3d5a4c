// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/lab/network.h"
#include "analysis/lab/partition.h"
#include "analysis/lab/training.h"
#include "analysis/rules/rule.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace fedsleuth::analysis::lab {

/// In which rounds an attacker attacks, and how hard.
struct Schedule {
    enum class Kind {
        always,  ///< in every round from the onset
        once,    ///< in the first round from the onset in which it takes part
        every,   ///< in the onset's round and every `period` rounds after it
        on_off,  ///< `period` rounds on, `period` rounds off
        ramp,    ///< always, but mixed into its honest update with a share that grows
    };
    Kind kind = Kind::always;
    std::size_t onset = 1;  ///< a round's number
    std::size_t period = 5;
    double ramp_start = 0.15;  ///< share of the attack in the onset's round
    double ramp_step = 0.05;   ///< that is added each round, up to 1

    /// Share of the attack in what is sent in `round`: 0 honest, 1 the attack alone. `once` is the caller's to end.
    [[nodiscard]] double intensity(std::size_t round) const;
};

/// One attack of a federation, and by how many.
struct AttackPlan {
    std::string attack;     ///< a name of the catalogue
    RuleSettings settings;  ///< values of its parameters, and its variant
    std::size_t attackers = 0;
    Schedule schedule;
    /// An adaptive attacker pulls what it would send this share of the way to the honest mean, and keeps it within the
    /// median honest length; 0: it does not hide.
    double stealth = 0;
};

/// Client-level differential privacy with noise added by the clients: clip to `clipping_norm`, then N(0, (z · clip)²)
/// on every coordinate; every client claims what it does.
struct PrivacyOptions {
    double noise_multiplier = 0;  ///< z
    double clipping_norm = 1;
    double delta = 1e-5;
    double epsilon_budget = 0;  ///< that the federation declares; 0: none
};

/// A federation, whole. The same options give the same federation, bit for bit, on any number of threads.
struct LabOptions {
    std::uint64_t seed = 1;
    std::string name = "simulated";
    std::size_t clients = 20;
    std::size_t rounds = 20;

    /// Data: `examples` where it is set (shared by runs one after the other), else made by itself.
    enum class Data { digits, mixture };
    Data data = Data::digits;
    std::size_t image_side = 12;  ///< digits
    std::size_t mixture_features = 32;
    double mixture_spread = 4.5;
    std::shared_ptr<ExampleSource> examples;
    std::size_t test_examples = 800;
    PartitionOptions partition;

    NetworkKind network = NetworkKind::mlp;
    std::size_t hidden = 24;
    TrainingOptions training;

    double participation = 1.0;  ///< share of the clients that the server asks each round, at least 2 of them
    double dropout = 0.0;        ///< probability that one that was asked sends nothing
    double stragglers = 0.0;     ///< share of the honest clients that are slow: every other update is a stale one
    std::size_t staleness = 2;   ///< rounds that a stale update is behind, at most
    double noisy_clients = 0.0;  ///< share of all clients that are honest, but whose labels are partly random
    double noisy_labels = 0.4;   ///< share of their labels

    std::string rule = "fedavg";
    RuleSettings rule_settings;
    double server_learning_rate = 1.0;
    bool weighted = true;  ///< by examples, where the rule weighs

    std::vector<AttackPlan> attacks;
    std::optional<PrivacyOptions> privacy;
    /// A server that ships another model than the updates give: after this round (0: never) it adds a vector of random
    /// direction, `tampering` times as long as the round's step.
    std::size_t tampered_round = 0;
    double tampering = 5;

    unsigned threads = 1;
};

/// Error invalid_argument, naming the option, where the options make no sense.
[[nodiscard]] model::Result<void> check(const LabOptions& options);

}  // namespace fedsleuth::analysis::lab
