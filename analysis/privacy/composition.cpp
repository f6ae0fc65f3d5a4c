// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/privacy/composition.h"

#include "analysis/privacy/gaussian.h"
#include "analysis/privacy/sampled_rdp.h"

#include <algorithm>
#include <cmath>

namespace fedsleuth::analysis {

namespace {

bool is_pure(const PrivacyEvent& event)
{
    return event.mechanism == Mechanism::laplace || event.mechanism == Mechanism::approximate;
}

double pure_epsilon(const PrivacyEvent& event)
{
    if (event.mechanism == Mechanism::approximate) return event.noise;
    if (event.noise == 0.0) return HUGE_VAL;
    const double epsilon = 1.0 / event.noise;
    if (event.sampling == Sampling::none) return epsilon;
    return epsilon > 30.0 ? epsilon + std::log(event.rate + std::exp(-epsilon) * (1.0 - event.rate))
                          : std::log1p(event.rate * std::expm1(epsilon));
}

/// Where a history's δ goes.
struct DeltaShares {
    double taken = 0;        ///< by (ε, δ) mechanisms
    double other_steps = 0;  ///< that want a share
};

DeltaShares shares_of(std::span<const PrivacyEvent> history)
{
    DeltaShares shares;
    for (const PrivacyEvent& event : history) {
        const auto count = static_cast<double>(event.count);
        shares.taken += count * event.delta;
        if (!is_pure(event)) shares.other_steps += count;
    }
    return shares;
}

double step_epsilon(const PrivacyEvent& event, double delta_each)
{
    return is_pure(event) ? pure_epsilon(event) : epsilon_once(event, delta_each);
}

}  // namespace

double epsilon_once(const PrivacyEvent& any, double delta)
{
    PrivacyEvent once = any;
    once.count = 1;
    const PrivacyHistory lowered = compacted({&once, 1});
    if (lowered.empty() || delta >= 1.0) return 0.0;
    const PrivacyEvent& event = lowered.front();
    switch (event.mechanism) {
        case Mechanism::approximate:
            return event.delta <= delta ? event.noise : HUGE_VAL;
        case Mechanism::zcdp:
            return zcdp_epsilon(event.noise, delta);
        case Mechanism::laplace: {
            // δ(ε) = 1 − e^{(ε − 1/b)/2}, and with Poisson sampling q times that at ln((e^ε − 1 + q)/q): ε is 1/b, less
            // what δ buys, amplified.
            PrivacyEvent reduced = event;
            const double left = 1.0 - delta / event.rate;
            if (!(left > 0.0)) return 0.0;
            const double epsilon = 1.0 / event.noise + 2.0 * std::log(left);
            if (!(epsilon > 0.0)) return 0.0;
            reduced.noise = 1.0 / epsilon;
            return pure_epsilon(reduced);
        }
        case Mechanism::gaussian:
            if (event.sampling == Sampling::without_replacement && event.rate < 1.0) {
                if (delta >= event.rate) return 0.0;
                const double epsilon = sampled_gaussian_epsilon(event.noise, 1.0, delta / event.rate);
                return pure_epsilon({Mechanism::laplace, 1.0 / epsilon, 0.0, event.sampling, event.rate, 1, 1});
            }
            return sampled_gaussian_epsilon(event.noise, event.rate, delta);
        case Mechanism::tree:
            break;  // compacted() has made a Gaussian of it
    }
    return HUGE_VAL;
}

double basic_epsilon(std::span<const PrivacyEvent> any, double delta)
{
    const PrivacyHistory history = compacted(any);
    const DeltaShares shares = shares_of(history);
    const double left = delta - shares.taken;
    if (left < 0.0) return HUGE_VAL;
    double epsilon = 0.0;
    for (const PrivacyEvent& event : history)
        epsilon += static_cast<double>(event.count) *
                   step_epsilon(event, shares.other_steps > 0.0 ? left / shares.other_steps : 0.0);
    return epsilon;
}

double advanced_epsilon(std::span<const PrivacyEvent> any, double delta)
{
    const PrivacyHistory history = compacted(any);
    if (history.empty()) return 0.0;
    const DeltaShares shares = shares_of(history);
    const double left = delta - shares.taken;
    if (!(left > 0.0)) return HUGE_VAL;
    const double for_steps = shares.other_steps > 0.0 ? left / 2.0 : 0.0;
    double mean = 0.0;
    double squares = 0.0;
    for (const PrivacyEvent& event : history) {
        const auto count = static_cast<double>(event.count);
        const double epsilon = step_epsilon(event, shares.other_steps > 0.0 ? for_steps / shares.other_steps : 0.0);
        if (epsilon == 0.0) continue;
        mean += count * epsilon * std::expm1(epsilon);
        squares += count * epsilon * epsilon;
    }
    return mean + std::sqrt(2.0 * -std::log(left - for_steps) * squares);
}

double optimal_epsilon(double epsilon, double delta_each, std::int64_t times, double delta)
{
    if (times <= 0 || (epsilon == 0.0 && delta_each == 0.0)) return 0.0;
    const auto k = static_cast<double>(times);
    const double log_all_kept = k * std::log1p(-delta_each);
    // 1 − (1 − δ₀)^k (1 − δ_i) ≤ δ
    const auto reaches = [&](double delta_i) { return -std::expm1(log_all_kept + std::log1p(-delta_i)) <= delta; };
    if (!reaches(0.0)) return HUGE_VAL;
    // δ_i = Σ_{l<i} C(k,l) (e^{(k−l)ε} − e^{(k−2i+l)ε}) / (1+e^ε)^k grows with i: two running sums, of a growing
    // number of terms of a binomial distribution.
    const double log_up = -std::log1p(std::exp(-epsilon));              // ln e^ε/(1+e^ε)
    const double log_down = -epsilon - std::log1p(std::exp(-epsilon));  // ln 1/(1+e^ε)
    double best = k * epsilon;
    double up = 0.0;    // Σ_{l<i} C(k,l) p^{k−l} (1−p)^l
    double down = 0.0;  // Σ_{l<i} C(k,l) p^l (1−p)^{k−l}, to be scaled by e^{(k−2i)ε}
    for (double i = 1; i <= std::floor(k / 2.0); ++i) {
        const double l = i - 1.0;
        const double log_choices = log_binomial(k, l);
        up += std::exp(log_choices + (k - l) * log_up + l * log_down);
        down = down + std::exp(log_choices + l * log_up + (k - l) * log_down);
        const double scaled = down > 0.0 ? std::exp((k - 2.0 * i) * epsilon + std::log(down)) : 0.0;
        if (!reaches(std::clamp(up - scaled, 0.0, 1.0 - 1e-17))) break;
        best = (k - 2.0 * i) * epsilon;
    }
    return best;
}

double zcdp_rho(std::span<const PrivacyEvent> history)
{
    double rho = 0.0;
    for (const PrivacyEvent& event : compacted(history)) {
        double once = HUGE_VAL;
        if (event.mechanism == Mechanism::zcdp) once = event.noise;
        if (event.mechanism == Mechanism::gaussian) once = 0.5 / (event.noise * event.noise);
        if (event.mechanism == Mechanism::laplace ||
            (event.mechanism == Mechanism::approximate && event.delta == 0.0)) {
            const double epsilon = pure_epsilon(event);
            once = 0.5 * epsilon * epsilon;  // Bun and Steinke 2016, Prop. 1.4
        }
        rho += static_cast<double>(event.count) * once;
    }
    return rho;
}

double zcdp_epsilon(double rho, double delta)
{
    if (rho == 0.0 || delta >= 1.0) return 0.0;
    return rho + 2.0 * std::sqrt(rho * -std::log(delta));
}

double group_epsilon(double epsilon, double group) { return group * epsilon; }

double group_delta(double epsilon, double delta, double group)
{
    const double growth = epsilon == 0.0 ? group : std::expm1(group * epsilon) / std::expm1(epsilon);
    return std::min(1.0, delta * growth);
}

std::optional<PrivacyHistory> group_history(std::span<const PrivacyEvent> history, double group)
{
    PrivacyHistory grouped = compacted(history);
    for (PrivacyEvent& event : grouped) {
        if (event.sampling != Sampling::none || event.delta > 0.0) return std::nullopt;
        if (event.mechanism == Mechanism::zcdp)
            event.noise *= group * group;
        else if (event.mechanism == Mechanism::approximate)
            event.noise *= group;
        else
            event.noise /= group;
    }
    return grouped;
}

}  // namespace fedsleuth::analysis
