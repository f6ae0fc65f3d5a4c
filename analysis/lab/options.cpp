// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/lab/options.h"

#include "analysis/lab/attack_catalogue.h"

#include <cmath>

namespace fedsleuth::analysis::lab {

namespace {

model::Result<void> in_range(const char* name, double value, double low, double high)
{
    if (std::isfinite(value) && value >= low && value <= high) return {};
    return model::fail(model::ErrorCode::invalid_argument,
                       "has to lie between " + std::to_string(low) + " and " + std::to_string(high), name);
}

model::Result<void> check_attacks(const LabOptions& options)
{
    std::size_t attackers = 0;
    for (const AttackPlan& plan : options.attacks) {
        const AttackInfo* info = find_attack(plan.attack);
        if (!info) return model::fail(model::ErrorCode::invalid_argument, "there is no such attack", plan.attack);
        FEDSLEUTH_CHECK(complete(*info, plan.settings));
        FEDSLEUTH_CHECK(in_range("onset", static_cast<double>(plan.schedule.onset), 1, 1e9));
        FEDSLEUTH_CHECK(in_range("period", static_cast<double>(plan.schedule.period), 1, 1e9));
        FEDSLEUTH_CHECK(in_range("stealth", plan.stealth, 0, 1));
        attackers += plan.attackers;
    }
    if (attackers >= options.clients)
        return model::fail(model::ErrorCode::invalid_argument,
                           std::to_string(attackers) + " of " + std::to_string(options.clients) +
                               " clients would attack; at least one has to be honest",
                           "attackers");
    return {};
}

}  // namespace

model::Result<void> check(const LabOptions& options)
{
    constexpr double many = 1e5;
    FEDSLEUTH_CHECK(in_range("clients", static_cast<double>(options.clients), 2, many));
    FEDSLEUTH_CHECK(in_range("rounds", static_cast<double>(options.rounds), 1, many));
    FEDSLEUTH_CHECK(in_range("image side", static_cast<double>(options.image_side), 8, 64));
    FEDSLEUTH_CHECK(in_range("features", static_cast<double>(options.mixture_features), 2, 4096));
    FEDSLEUTH_CHECK(in_range("test examples", static_cast<double>(options.test_examples), 10, 1e6));
    FEDSLEUTH_CHECK(in_range("examples per client", static_cast<double>(options.partition.examples_per_client),
                             static_cast<double>(fewest_examples), 1e6));
    FEDSLEUTH_CHECK(in_range("alpha", options.partition.alpha, 1e-3, 1e6));
    FEDSLEUTH_CHECK(in_range("quantity skew", options.partition.quantity_skew, 0, 3));
    FEDSLEUTH_CHECK(in_range("hidden units", static_cast<double>(options.hidden), 1, 4096));
    FEDSLEUTH_CHECK(in_range("learning rate", options.training.learning_rate, 1e-9, 100));
    FEDSLEUTH_CHECK(in_range("momentum", options.training.momentum, 0, 0.999));
    FEDSLEUTH_CHECK(in_range("epochs", static_cast<double>(options.training.epochs), 1, 1000));
    FEDSLEUTH_CHECK(in_range("batch", static_cast<double>(options.training.batch), 1, 1e6));
    FEDSLEUTH_CHECK(in_range("participation", options.participation, 0, 1));
    FEDSLEUTH_CHECK(in_range("dropout", options.dropout, 0, 0.99));
    FEDSLEUTH_CHECK(in_range("stragglers", options.stragglers, 0, 1));
    FEDSLEUTH_CHECK(in_range("noisy clients", options.noisy_clients, 0, 1));
    FEDSLEUTH_CHECK(in_range("noisy labels", options.noisy_labels, 0, 1));
    FEDSLEUTH_CHECK(in_range("server learning rate", options.server_learning_rate, 1e-6, 100));
    FEDSLEUTH_CHECK(in_range("tampered round", static_cast<double>(options.tampered_round), 0,
                             static_cast<double>(options.rounds)));
    FEDSLEUTH_CHECK(in_range("tampering", options.tampering, 0, 1e3));
    if (options.privacy) {
        FEDSLEUTH_CHECK(in_range("noise multiplier", options.privacy->noise_multiplier, 0, 1e6));
        FEDSLEUTH_CHECK(in_range("clip", options.privacy->clipping_norm, 1e-9, 1e9));
        FEDSLEUTH_CHECK(in_range("epsilon budget", options.privacy->epsilon_budget, 0, 1e9));
        FEDSLEUTH_CHECK(in_range("delta", options.privacy->delta, 1e-12, 0.5));
    }
    if (!find_weight_rule(options.rule) && !find_column_rule(options.rule))
        return model::fail(model::ErrorCode::invalid_argument, "there is no such rule", options.rule);
    return check_attacks(options);
}

}  // namespace fedsleuth::analysis::lab
