// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/privacy/event.h"

#include "model/text.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

namespace fedsleuth::analysis {

namespace {

using model::ErrorCode;
using model::fail;

auto sort_key(const PrivacyEvent& event)
{
    return std::tuple(event.mechanism, event.sampling, event.noise, event.rate, event.delta);
}

/// Prefix sums over a tree of depth k move k nodes: as one Gaussian with 1/√k of the noise (dp_accounting's
/// TreeAggregationDpEvent; Kairouz et al. 2021, Practical and Private (Deep) Learning Without Sampling).
PrivacyEvent as_gaussian(PrivacyEvent tree)
{
    const double depth = std::ceil(std::log2(static_cast<double>(tree.leaves) + 1.0));
    tree.mechanism = Mechanism::gaussian;
    tree.noise /= std::sqrt(depth);
    tree.leaves = 1;
    return tree;
}

bool without_effect(const PrivacyEvent& event)
{
    if (event.count == 0 || (event.sampling != Sampling::none && event.rate == 0.0)) return true;
    if (event.mechanism == Mechanism::tree) return event.leaves == 0;
    if (event.mechanism == Mechanism::zcdp) return event.noise == 0.0;
    return event.mechanism == Mechanism::approximate && event.noise == 0.0 && event.delta == 0.0;
}

std::string_view name_of(Mechanism mechanism)
{
    switch (mechanism) {
        case Mechanism::gaussian:
            return "Gaussian";
        case Mechanism::laplace:
            return "Laplace";
        case Mechanism::zcdp:
            return "zero-concentrated";
        case Mechanism::approximate:
            return "approximate";
        case Mechanism::tree:
            return "tree of Gaussians";
    }
    return "";
}

}  // namespace

PrivacyEvent sampled_gaussian(double noise_multiplier, double sampling_rate, std::int64_t steps)
{
    PrivacyEvent event;
    event.noise = noise_multiplier;
    event.sampling = sampling_rate == 1.0 ? Sampling::none : Sampling::poisson;
    event.rate = sampling_rate;
    event.count = steps;
    return event;
}

PrivacyEvent tree_aggregation(double noise_multiplier, std::int64_t leaves, std::int64_t restarts)
{
    PrivacyEvent event;
    event.mechanism = Mechanism::tree;
    event.noise = noise_multiplier;
    event.leaves = leaves;
    event.count = restarts;
    return event;
}

PrivacyEvent replace_one(PrivacyEvent event)
{
    event.noise /= 2.0;
    event.sampling = Sampling::without_replacement;
    return event;
}

model::Result<double> adaptive_vector_noise(double total, double count_stddev)
{
    const double left = 1.0 / (total * total) - 1.0 / (4.0 * count_stddev * count_stddev);
    if (!(total > 0.0) || !(left > 0.0)) {
        return fail(ErrorCode::invalid_argument,
                    "a noise multiplier of " + model::short_number(total) +
                        " needs more noise on the clipped count than " + model::short_number(count_stddev),
                    {}, "the count's noise has to exceed half the noise multiplier");
    }
    return 1.0 / std::sqrt(left);
}

double adaptive_total_noise(double vector_noise, double count_stddev)
{
    if (vector_noise == 0.0 || count_stddev == 0.0) return 0.0;
    return 1.0 / std::hypot(1.0 / vector_noise, 1.0 / (2.0 * count_stddev));
}

std::optional<PrivacyEvent> declared_event(const model::PrivacyClaim* claim, const model::PrivacyMechanism* mechanism)
{
    const auto either = [&](auto of_claim, auto of_mechanism) {
        std::optional<double> value;
        if (claim != nullptr) value = claim->*of_claim;
        if (!value && mechanism != nullptr) value = mechanism->*of_mechanism;
        return value;
    };
    PrivacyEvent event;
    if (mechanism != nullptr && mechanism->mechanism == "laplace")
        event.mechanism = Mechanism::laplace;
    else if (mechanism != nullptr && !mechanism->mechanism.empty() && mechanism->mechanism != "gaussian")
        return std::nullopt;
    const auto noise = either(&model::PrivacyClaim::noise_multiplier, &model::PrivacyMechanism::noise_multiplier);
    if (!noise) return std::nullopt;
    event.noise = *noise;
    event.rate = either(&model::PrivacyClaim::sampling_rate, &model::PrivacyMechanism::sampling_rate).value_or(1.0);
    if (event.rate != 1.0) event.sampling = Sampling::poisson;
    const double steps = either(&model::PrivacyClaim::steps, &model::PrivacyMechanism::steps_per_round).value_or(1.0);
    if (!(steps >= 0.0) || !(steps <= 1e15)) return std::nullopt;
    event.count = static_cast<std::int64_t>(std::ceil(steps));
    if (!check_history({&event, 1})) return std::nullopt;
    return event;
}

model::Result<void> check_history(std::span<const PrivacyEvent> history)
{
    for (const PrivacyEvent& event : history) {
        if (!std::isfinite(event.noise) || event.noise < 0.0)
            return fail(ErrorCode::invalid_argument, "the noise of a mechanism is " + std::to_string(event.noise) +
                                                         "; it has to be finite and not negative");
        if (!(event.rate >= 0.0 && event.rate <= 1.0))
            return fail(ErrorCode::invalid_argument,
                        "a sampling rate of " + std::to_string(event.rate) + " is not between 0 and 1");
        if (!(event.delta >= 0.0 && event.delta <= 1.0))
            return fail(ErrorCode::invalid_argument,
                        "a δ of " + std::to_string(event.delta) + " is not between 0 and 1");
        if (event.count < 0 || event.leaves < 0)
            return fail(ErrorCode::invalid_argument, "a mechanism is used a negative number of times");
    }
    return {};
}

PrivacyHistory compacted(std::span<const PrivacyEvent> history)
{
    PrivacyHistory sorted;
    for (PrivacyEvent event : history) {
        if (without_effect(event)) continue;
        if (event.mechanism == Mechanism::tree) event = as_gaussian(event);
        if (event.sampling != Sampling::none && event.mechanism == Mechanism::approximate) {
            // Amplification of (ε, δ) by either kind of sampling (Balle, Barthe, Gaboardi 2018, Thms 8 and 9).
            event.noise = event.noise > 30.0
                              ? event.noise + std::log(event.rate + std::exp(-event.noise) * (1.0 - event.rate))
                              : std::log1p(event.rate * std::expm1(event.noise));
            event.delta *= event.rate;
            event.sampling = Sampling::none;
        }
        // ρ-zCDP knows no amplification; a mixture never diverges more than its parts.
        if (event.mechanism == Mechanism::zcdp) event.sampling = Sampling::none;
        if (event.sampling == Sampling::poisson && event.rate == 1.0) event.sampling = Sampling::none;
        if (event.sampling == Sampling::none) event.rate = 1.0;
        if (event.mechanism != Mechanism::approximate) event.delta = 0.0;
        event.leaves = 1;
        sorted.push_back(event);
    }
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const PrivacyEvent& a, const PrivacyEvent& b) { return sort_key(a) < sort_key(b); });
    PrivacyHistory merged;
    for (const PrivacyEvent& event : sorted) {
        if (merged.empty() || sort_key(merged.back()) != sort_key(event)) {
            merged.push_back(event);
            continue;
        }
        constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
        std::int64_t& count = merged.back().count;
        count = event.count > most - count ? most : count + event.count;
    }
    return merged;
}

std::string described(const PrivacyEvent& event)
{
    const auto number = [](double value) { return model::short_number(value, 4); };
    std::string text{name_of(event.mechanism)};
    switch (event.mechanism) {
        case Mechanism::gaussian:
            text += ", σ = " + number(event.noise);
            break;
        case Mechanism::laplace:
            text += ", scale " + number(event.noise);
            break;
        case Mechanism::zcdp:
            text += ", ρ = " + number(event.noise);
            break;
        case Mechanism::approximate:
            text += ", ε = " + number(event.noise) + ", δ = " + number(event.delta);
            break;
        case Mechanism::tree:
            text += ", σ = " + number(event.noise) + ", " + model::grouped(event.leaves) + " leaves";
            break;
    }
    if (event.sampling == Sampling::poisson) text += ", Poisson-sampled at " + number(100 * event.rate) + " %";
    if (event.sampling == Sampling::without_replacement)
        text += ", a fixed " + number(100 * event.rate) + " % drawn each time";
    return text + (event.count == 1 ? ", once" : ", " + model::grouped(event.count) + " times");
}

}  // namespace fedsleuth::analysis
