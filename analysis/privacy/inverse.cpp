// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/privacy/inverse.h"

#include <algorithm>
#include <cmath>

namespace fedsleuth::analysis {

namespace {

using model::ErrorCode;
using model::fail;

/// A point on the way: ln noise, and how far ln ε is above the goal (infinite values are cut off).
struct Probe {
    double log_noise = 0;
    double excess = 0;
};

double excess_of(double epsilon, double goal) { return std::clamp(std::log(epsilon) - std::log(goal), -50.0, 50.0); }

}  // namespace

model::Result<double> noise_for(PrivacyEvent event, std::span<const PrivacyEvent> spent, double epsilon, double delta,
                                Accountant accountant, const AccountOptions& options)
{
    if (!(epsilon > 0.0) || !std::isfinite(epsilon))
        return fail(ErrorCode::invalid_argument, "the ε to aim at has to be above 0 and finite");
    if (event.mechanism == Mechanism::zcdp || event.mechanism == Mechanism::approximate)
        return fail(ErrorCode::not_applicable, "only Gaussian and Laplace noise can be looked for");
    PrivacyHistory history(spent.begin(), spent.end());
    history.push_back(event);
    const auto probe = [&](double log_noise) -> model::Result<Probe> {
        history.back().noise = std::exp(log_noise);
        FEDSLEUTH_TRY(const Spent answer, epsilon_of(history, delta, accountant, options));
        return Probe{log_noise, excess_of(answer.epsilon, epsilon)};
    };
    history.back().count = 0;
    FEDSLEUTH_TRY(const Spent before, epsilon_of(history, delta, accountant, options));
    history.back().count = event.count;
    if (before.epsilon > epsilon) return HUGE_VAL;
    history.back().noise = 0.0;
    FEDSLEUTH_TRY(const Spent without, epsilon_of(history, delta, accountant, options));
    if (without.epsilon <= epsilon) return 0.0;

    // ε falls with the noise: enclose the goal, then close in on it.
    FEDSLEUTH_TRY(Probe low, probe(0.0));
    Probe high = low;
    for (double step = 0.7; high.excess > 0.0; step *= 1.6) {
        if (high.log_noise > 60.0) return HUGE_VAL;
        low = high;
        FEDSLEUTH_TRY(high, probe(high.log_noise + step));
    }
    for (double step = 0.7; low.excess <= 0.0; step *= 1.6) {
        if (low.log_noise < -60.0) return 0.0;
        high = low;
        FEDSLEUTH_TRY(low, probe(low.log_noise - step));
    }
    const bool discrete = accountant == Accountant::pld || accountant == Accountant::prv;
    const double tolerance = discrete ? 1e-7 : 1e-10;
    for (int round = 0; high.log_noise - low.log_noise > tolerance && round < 200; ++round) {
        // Secant, a little to the far side of the root so that both ends move; halving every third time.
        const double width = high.log_noise - low.log_noise;
        double next = low.log_noise + width * low.excess / (low.excess - high.excess);
        next += (round % 2 == 0 ? 0.4 : -0.4) * tolerance +
                (round % 2 == 0 ? 1.0 : -1.0) * 1e-3 * width * (round < 6 ? 1.0 : 0.0);
        if (round % 3 == 2) next = low.log_noise + 0.5 * width;
        next = std::clamp(next, low.log_noise + 0.01 * tolerance, high.log_noise - 0.01 * tolerance);
        FEDSLEUTH_TRY(const Probe here, probe(next));
        (here.excess > 0.0 ? low : high) = here;
    }
    return std::exp(high.log_noise);
}

model::Result<std::optional<std::int64_t>> times_within(const PrivacyEvent& event, std::span<const PrivacyEvent> spent,
                                                        double budget, double delta, Accountant accountant,
                                                        const AccountOptions& options)
{
    constexpr std::int64_t most = 1'000'000'000'000;
    PrivacyHistory history(spent.begin(), spent.end());
    history.push_back(event);
    const auto fits = [&](std::int64_t times) -> model::Result<bool> {
        history.back().count = event.count > 0 && times > most / event.count ? most : times * event.count;
        FEDSLEUTH_TRY(const Spent answer, epsilon_of(history, delta, accountant, options));
        return answer.epsilon <= budget;
    };
    FEDSLEUTH_TRY(const bool at_all, fits(0));
    if (!at_all) return 0;
    std::int64_t low = 0;
    std::int64_t high = 1;
    while (true) {
        FEDSLEUTH_TRY(const bool fit, fits(high));
        if (!fit) break;
        if (high >= most) return std::nullopt;
        low = high;
        high *= 2;
    }
    while (high - low > 1) {
        const std::int64_t middle = low + (high - low) / 2;
        FEDSLEUTH_TRY(const bool fit, fits(middle));
        (fit ? low : high) = middle;
    }
    return low;
}

}  // namespace fedsleuth::analysis
