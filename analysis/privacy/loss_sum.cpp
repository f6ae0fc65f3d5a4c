// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/privacy/loss_sum.h"

#include "analysis/privacy/fourier.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace fedsleuth::analysis {

namespace {

constexpr double log_negligible = -43.0;  ///< coefficients below e^−43 of the largest change no digit
constexpr double log_outside = -36.0;     ///< mass that the window leaves out, against what decides about δ
constexpr double log_wrapped = -22.0;     ///< mass that comes out again at the wrong end, which only adds to δ

/// A part's cumulant in the direction's own sign.
Cumulant part_cumulant(const LossGrid& grid, Direction direction, double t)
{
    if (direction == Direction::remove) return cumulant(grid, t);
    Cumulant result = cumulant(grid, -1.0 - t);
    result.mean = -result.mean;
    return result;
}

/// total_cumulant on the coarse grids: what the choice of tilt and window needs.
Cumulant rough_cumulant(std::span<const LossPart> parts, Direction direction, double t)
{
    Cumulant total;
    for (const LossPart& part : parts) {
        const LossGrid& grid = part.grid->coarse ? *part.grid->coarse : *part.grid;
        const Cumulant once = part_cumulant(grid, direction, t);
        const auto count = static_cast<double>(part.count);
        total.value += count * once.value;
        total.mean += count * once.mean;
        total.variance += count * once.variance;
    }
    return total;
}

/// The tilt at which `past` turns true, to half a percent: any tilt near the best one serves.
template <class Past>
double halved_tilt(std::span<const LossPart> parts, const Past& past)
{
    double low = std::log(1e-3);
    double high = std::log(3.0 / parts.front().grid->interval);
    while (high - low > 5e-3) {
        const double middle = 0.5 * (low + high);
        (past(std::exp(middle)) ? high : low) = middle;
    }
    return std::exp(high);
}

}  // namespace

Tilt tilt_for_delta(std::span<const LossPart> parts, Direction direction, double delta)
{
    // The derivative of (K(t) − ln δ + t ln t − (1+t) ln(1+t)) / t vanishes there; the left side only falls.
    const auto least_bound = [&](double goal) {
        return halved_tilt(parts, [&](double tilt) {
            const Cumulant total = rough_cumulant(parts, direction, tilt);
            return total.value - tilt * total.mean - std::log1p(tilt) <= goal;
        });
    };
    // The bound exceeds δ by about t √(2π variance): allowed for, the mean comes to lie at the ε that belongs to δ.
    const double tilt = least_bound(std::log(delta));
    const double excess = tilt * std::sqrt(2.0 * std::numbers::pi * rough_cumulant(parts, direction, tilt).variance);
    const double best = least_bound(std::min(-0.01, std::log(delta) + std::max(0.0, std::log(excess))));
    const Cumulant there = rough_cumulant(parts, direction, best);
    // A little less: the mass above the mean then falls faster, and the window is narrower. Not where that would leave
    // the target to masses below e^−12, as it does where few rare losses decide.
    for (const double share : {0.7, 0.8, 0.9}) {
        const double tilt = std::max(1e-3, share * best);
        const double exponent = rough_cumulant(parts, direction, tilt).value - tilt * there.mean;
        if (exponent <= there.value - best * there.mean + 12.0) return {tilt, there.mean};
    }
    return {best, there.mean};
}

Tilt tilt_for_epsilon(std::span<const LossPart> parts, Direction direction, double epsilon)
{
    const double tilt =
        halved_tilt(parts, [&](double t) { return rough_cumulant(parts, direction, t).mean >= epsilon; });
    return {tilt, epsilon};
}

LossWindow loss_window(std::span<const LossPart> parts, Direction direction, const Tilt& wanted)
{
    LossWindow ends{0.0, 0.0};  // no loss is beyond the ends of the grids
    for (const LossPart& part : parts) {
        const double reach = static_cast<double>(part.count) * part.grid->interval;
        const auto low = static_cast<double>(part.grid->first);
        const auto high = static_cast<double>(part.grid->last());
        ends.low += reach * (direction == Direction::remove ? low : -high);
        ends.high += reach * (direction == Direction::remove ? high : -low);
    }
    const double interval = parts.front().grid->interval;
    const double tilt = wanted.value;
    const Cumulant here = rough_cumulant(parts, direction, tilt);
    const double deviation = std::max(std::sqrt(here.variance), interval);
    // Chernoff, at tilts around this one.
    double below = HUGE_VAL;
    const auto look_below = [&](double t) {
        t = std::min(t, 2.0 / interval);
        const double change = rough_cumulant(parts, direction, tilt - t).value - here.value;
        below = std::min(below, here.mean + (change - log_outside) / t);
    };
    double above = HUGE_VAL;
    double far_above = HUGE_VAL;
    const auto look_above = [&](double t) {
        t = std::min(t, 2.0 / interval);
        const double change = rough_cumulant(parts, direction, tilt + t).value - here.value;
        above = std::min(above, (change - log_outside) / t - here.mean);
        far_above = std::min(far_above, (change - log_wrapped) / t - here.mean);
    };
    // A bell has its best bound a few deviations away, a long tail of rare large losses where the tilt doubles or so.
    for (const double steps : {4.0, 6.0, 8.5, 12.0, 20.0}) look_below(steps / deviation);
    for (const double share : {0.2, 0.4, 0.7, 0.9, 1.0}) look_below(share * tilt);
    for (const double steps : {0.5, 1.0, 2.0, 4.0, 8.5, 12.0}) look_above(steps / deviation);
    for (const double share : {0.05, 0.1, 0.2, 0.4, 0.7, 1.0, 1.5}) look_above(share * tilt);
    // What lies above the window is missing from δ, where it counts e^{−tilt · distance from the target}; what lies a
    // whole window above the mean comes out again above the mean, where it must not be felt.
    const double ahead = wanted.target - here.mean;
    above = std::max({std::min(above, ahead + (12.0 - log_outside) / tilt), far_above - below, ahead});
    below = std::max(below, -ahead);
    const double margin = 0.25 * deviation + 4.0 * interval;
    LossWindow window{std::max(ends.low, here.mean - below - margin), std::min(ends.high, here.mean + above + margin),
                      deviation};
    if (!(window.high > window.low)) window = {ends.low, ends.high, deviation};
    return window;
}

LossSum::LossSum(double interval, Direction direction, double tilt, const LossWindow& window)
    : interval_(interval),
      direction_(direction),
      tilt_(tilt),
      first_(static_cast<std::int64_t>(std::floor(window.low / interval)) - 1),
      size_(transform_size(static_cast<std::size_t>((window.high - window.low) / interval) + 8))
{
}

std::vector<std::complex<double>> LossSum::spectrum_of(const LossGrid& grid, const Cumulant& tilted,
                                                       std::int64_t centre) const
{
    const bool remove = direction_ == Direction::remove;
    const double exponent = remove ? tilt_ : -1.0 - tilt_;
    const auto length = static_cast<std::int64_t>(size_);
    std::vector<double> values(size_, 0.0);
    std::int64_t place = ((remove ? grid.first : -grid.first) - centre) % length;
    if (place < 0) place += length;
    constexpr std::size_t block = 128;
    std::array<double, block> power;
    for (std::size_t k = 0; k < block; ++k) power[k] = std::exp(exponent * interval_ * static_cast<double>(k));
    double scale = 0.0;
    for (std::size_t k = 0; k < grid.mass.size(); ++k) {
        if (k % block == 0) {
            const auto index = static_cast<double>(grid.first + static_cast<std::int64_t>(k));
            scale = std::exp(exponent * interval_ * index - tilted.value);
        }
        const double mass = grid.mass[k] * power[k % block] * scale;
        if (std::isfinite(mass)) values[static_cast<std::size_t>(place)] += mass;
        if (remove && ++place == length) place = 0;
        if (!remove && --place < 0) place = length - 1;
    }
    return forward_transform(values);
}

LossSum::Factor LossSum::factor(const LossPart& part, bool raised) const
{
    const auto count = static_cast<double>(part.count);
    const Cumulant tilted = part_cumulant(*part.grid, direction_, tilt_);
    const auto centre = static_cast<std::int64_t>(std::llround(tilted.mean / interval_));
    const double unbounded = direction_ == Direction::remove ? part.grid->infinite_remove : part.grid->infinite_add;
    Factor result{spectrum_of(*part.grid, tilted, centre), count * tilted.value, part.count * centre,
                  count * std::log1p(-unbounded)};
    if (raised && part.count > 1)
        for (std::complex<double>& value : result.spectrum) value = integer_power(value, part.count);
    return result;
}

void LossSum::put_in(std::span<const LossPart> parts)
{
    const std::size_t frequencies = size_ / 2 + 1;
    std::vector<std::complex<double>> product(frequencies, 1.0);
    for (const LossPart& part : parts) {
        Factor of_part = factor(part, false);
        take(of_part);
        // No factor is larger than 1: what one has made negligible stays so.
        const double least = std::exp(2.0 * log_negligible / static_cast<double>(part.count));
        for (std::size_t k = 0; k < frequencies; ++k) {
            if (product[k] == 0.0) continue;
            const std::complex<double> once = of_part.spectrum[k];
            product[k] = std::norm(once) > least ? product[k] * integer_power(once, part.count) : 0.0;
        }
    }
    for (std::size_t k = 0; k < frequencies; ++k)
        if (std::norm(product[k]) > std::exp(2.0 * log_negligible))
            coefficients_.push_back(
                {static_cast<std::int64_t>(k), product[k], kernel_at(static_cast<std::int64_t>(k)), 0.0});
    refresh();
}

void LossSum::take(const Factor& factor)
{
    log_total_ += factor.log_total;
    centre_ += factor.centre;
    log_finite_ += factor.log_finite;
}

void LossSum::multiply(const Factor& factor)
{
    take(factor);
    std::erase_if(coefficients_, [&](Coefficient& coefficient) {
        coefficient.value *= factor.spectrum[static_cast<std::size_t>(coefficient.frequency)];
        return !(std::norm(coefficient.value) > std::exp(2.0 * log_negligible));
    });
    refresh();
}

namespace {

/// 1 − e^{−a + i angle}, without losing the digits of small a and angle.
std::complex<double> complement(double a, double angle)
{
    const double shrunk = std::exp(-a);
    const double half_sine = std::sin(0.5 * angle);
    return {-std::expm1(-a) + 2.0 * shrunk * half_sine * half_sine, -shrunk * std::sin(angle)};
}

}  // namespace

std::complex<double> LossSum::kernel_at(std::int64_t frequency) const
{
    // Σ_u z^u (1 − e^{−u interval}) with z = e^{−tilt interval + i angle}, per coefficient of the inverse transform
    const auto length = static_cast<double>(size_);
    const double falls = tilt_ * interval_;
    const double angle = 2.0 * std::numbers::pi * static_cast<double>(frequency) / length;
    const bool once = frequency == 0 || 2 * frequency == static_cast<std::int64_t>(size_);
    return std::polar(std::exp(-falls), angle) * (-std::expm1(-interval_) * (once ? 1.0 : 2.0) / length) /
           (complement(falls, angle) * complement(falls + interval_, angle));
}

void LossSum::refresh()
{
    for (Coefficient& coefficient : coefficients_) {
        const std::complex<double> a = coefficient.value;
        const std::complex<double> b = coefficient.kernel;
        coefficient.weight = {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
    }
    // The sums run on beyond the window, over its periodic continuation; that is taken off where it can be felt.
    beyond_[0] = beyond_[1] = 0.0;
    const auto length = static_cast<std::int64_t>(size_);
    const double falls = tilt_ * interval_;
    if (falls * static_cast<double>(length) > 150.0) return;
    const double turn = 2.0 * std::numbers::pi / static_cast<double>(length);
    for (const Coefficient& coefficient : coefficients_) {
        const std::int64_t k = coefficient.frequency;
        const double angle = turn * static_cast<double>(k);
        const double share = (k == 0 || 2 * k == length ? 1.0 : 2.0) / static_cast<double>(length);
        const std::int64_t turns = (first_ - centre_) % length * k % length;
        const std::complex<double> top = coefficient.value * share * std::polar(1.0, turn * static_cast<double>(turns));
        beyond_[0] += (top / complement(falls, angle)).real();
        beyond_[1] += (top / complement(falls + interval_, angle)).real();
    }
}

double LossSum::delta(std::int64_t index) const
{
    const double unbounded = -std::expm1(log_finite_);
    const auto length = static_cast<std::int64_t>(size_);
    const std::int64_t left = first_ + length - index;
    if (left <= 0) return unbounded;
    const std::int64_t shift = (index - centre_) % length;
    const double turn = 2.0 * std::numbers::pi / static_cast<double>(length);
    const std::complex<double> step = std::polar(1.0, turn * static_cast<double>(shift));
    double sum = 0.0;
    std::complex<double> phase;
    std::int64_t expected = -1;
    int since_exact = 0;
    for (const Coefficient& coefficient : coefficients_) {
        if (coefficient.frequency != expected || ++since_exact == 64) {
            const std::int64_t turns = shift * coefficient.frequency % length;
            phase = std::polar(1.0, turn * static_cast<double>(turns));
            since_exact = 0;
        }
        sum += coefficient.weight.real() * phase.real() - coefficient.weight.imag() * phase.imag();
        phase = {phase.real() * step.real() - phase.imag() * step.imag(),
                 phase.real() * step.imag() + phase.imag() * step.real()};
        expected = coefficient.frequency + 1;
    }
    const auto remaining = static_cast<double>(left) * interval_;
    sum -= std::exp(-tilt_ * remaining) * beyond_[0] - std::exp(-(tilt_ + 1.0) * remaining) * beyond_[1];
    if (!(sum > 0.0)) return unbounded;
    const double log_delta = log_total_ - tilt_ * static_cast<double>(index) * interval_ + std::log(sum);
    return std::min(1.0, unbounded + std::exp(std::min(log_delta, 700.0)));
}

double LossSum::epsilon(double wanted, double guess, double step) const
{
    if (-std::expm1(log_finite_) > wanted) return HUGE_VAL;
    // Out from the guess until δ is on either side of the one that is wanted: far below the mean, where the tilt weighs
    // everything down, the sum has no digits left.
    const std::int64_t least = std::max<std::int64_t>(0, first_);
    const std::int64_t most = first_ + static_cast<std::int64_t>(size_);  // δ is that of unbounded losses there
    if (most <= least) return 0.0;
    std::int64_t low = std::clamp(static_cast<std::int64_t>(guess / interval_), least, most);
    std::int64_t high = low;
    double delta_low = delta(low);
    double delta_high = delta_low;
    auto stride = std::max<std::int64_t>(1, static_cast<std::int64_t>(step / interval_));
    for (; delta_high > wanted && high < most; stride *= 2) {
        low = high;
        delta_low = delta_high;
        high = std::min(high + stride, most);
        delta_high = delta(high);
    }
    for (; delta_low <= wanted; stride *= 2) {
        if (low == least) return static_cast<double>(least) * interval_;
        high = low;
        delta_high = delta_low;
        low = std::max(low - stride, least);
        delta_low = delta(low);
    }
    // Secant on ln δ, which is nearly straight, in that bracket; halving where that does not close it.
    for (int round = 0; high - low > 1; ++round) {
        const double slope = std::log(delta_low) - std::log(delta_high);
        const double share = (std::log(delta_low) - std::log(wanted)) / slope;
        const std::int64_t width = high - low;
        std::int64_t next = low + width / 2;
        if (share > 0.0 && share < 1.0 && round % 4 != 3)  // a step to either side in turn closes it from both
            next = low + std::llround(share * static_cast<double>(width)) + (round % 2 == 0 ? 1 : -1);
        next = std::clamp(next, low + 1, high - 1);
        const double here = delta(next);
        (here > wanted ? low : high) = next;
        (here > wanted ? delta_low : delta_high) = here;
    }
    const double share = (delta_low - wanted) / (delta_low - delta_high);
    return static_cast<double>(low) * interval_ + std::log1p(share * std::expm1(interval_));
}

}  // namespace fedsleuth::analysis
