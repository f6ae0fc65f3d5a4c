// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/privacy/loss_grid.h"

#include "analysis/privacy/gaussian.h"
#include "analysis/privacy/solve.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace fedsleuth::analysis {

namespace {

/// Hockey stick at e^r of the unsampled pair, whose two directions are equal.
double whole_delta(const PrivacyEvent& event, double r)
{
    if (event.mechanism == Mechanism::gaussian) return gdp_delta(1.0 / event.noise, r);
    const double epsilon = 1.0 / event.noise;  // Laplace
    if (r >= epsilon) return 0.0;
    return r < -epsilon ? -std::expm1(r) : -std::expm1(0.5 * (r - epsilon));
}

/// ln((e^ε − 1 + q)/q): where the sampled pair's ε lies on the unsampled one's. −∞ below ln(1 − q).
double unsampled_place(double q, double epsilon)
{
    if (q == 1.0) return epsilon;
    if (epsilon > 700.0) return epsilon - std::log(q);
    const double above = std::expm1(epsilon) + q;
    return above > 0.0 ? std::log(above / q) : -HUGE_VAL;
}

/// δ of the remove direction at ε.
double delta_at(const PrivacyEvent& event, double epsilon)
{
    const double place = unsampled_place(event.rate, epsilon);
    if (place == -HUGE_VAL) return -std::expm1(epsilon);
    return event.rate * whole_delta(event, place);
}

/// The same less 1 − e^ε, which every pair has and which carries no mass; keeps its digits where ε < 0.
double excess_at(const PrivacyEvent& event, double epsilon)
{
    const double place = unsampled_place(event.rate, epsilon);
    if (place == -HUGE_VAL) return 0.0;
    return event.rate * std::exp(place) * whole_delta(event, -place);
}

struct Range {
    double low = 0;
    double high = 0;
};

Range range_of(const PrivacyEvent& event, double tail)
{
    if (event.mechanism == Mechanism::approximate) return {-event.noise, event.noise};
    const double most =
        event.mechanism == Mechanism::laplace ? 1.0 / event.noise : gdp_epsilon(1.0 / event.noise, tail);
    Range range;
    range.high = first_reached(
        0.0, most, [&](double epsilon) { return delta_at(event, epsilon) <= tail; }, 1e-6);
    // The add direction's δ at −ε is e^{−ε} times the excess.
    range.low = -first_reached(
        0.0, most, [&](double below) { return std::exp(below) * excess_at(event, -below) <= tail; }, 1e-6);
    return range;
}

/// The two outcomes of (ε, δ), each between two grid points such that P and Q keep their masses.
LossGrid two_point_grid(const PrivacyEvent& event, double interval)
{
    LossGrid grid;
    grid.interval = interval;
    const auto last = static_cast<std::int64_t>(std::ceil(event.noise / interval));
    grid.first = -last;
    grid.mass.assign(static_cast<std::size_t>(2 * last + 1), 0.0);
    grid.infinite_remove = grid.infinite_add = event.delta;
    const double rest = (1.0 - event.delta) / (1.0 + std::exp(-event.noise));
    for (const auto& [loss, mass] : {std::pair(event.noise, rest), {-event.noise, rest * std::exp(-event.noise)}}) {
        const double place = std::floor(loss / interval);
        const double beyond = loss - place * interval;
        // Upper share b of: a + b = 1, a + b e^{−interval} = e^{−beyond}.
        const double upper = std::expm1(-beyond) / std::expm1(-interval);
        const auto at = static_cast<std::size_t>(static_cast<std::int64_t>(place) + last);
        grid.mass[at] += mass * (1.0 - upper);
        if (upper > 0.0) grid.mass[std::min(at + 1, grid.mass.size() - 1)] += mass * upper;
    }
    return grid;
}

std::shared_ptr<const LossGrid> coarse_of(const LossGrid& fine)
{
    const auto factor = static_cast<std::int64_t>(fine.mass.size() / 2048);
    if (factor < 2) return nullptr;
    auto coarse = std::make_shared<LossGrid>();
    coarse->interval = fine.interval * static_cast<double>(factor);
    coarse->first = -((-fine.first + factor - 1) / factor);  // first is negative
    coarse->mass.assign(static_cast<std::size_t>((fine.last() - coarse->first * factor) / factor + 2), 0.0);
    for (std::size_t k = 0; k < fine.mass.size(); ++k) {
        const std::int64_t place = fine.first + static_cast<std::int64_t>(k) - coarse->first * factor;
        const double upper = static_cast<double>(place % factor) / static_cast<double>(factor);
        const auto at = static_cast<std::size_t>(place / factor);
        coarse->mass[at] += (1.0 - upper) * fine.mass[k];
        coarse->mass[at + 1] += upper * fine.mass[k];
    }
    return coarse;
}

}  // namespace

double loss_grid_points(const PrivacyEvent& event, double interval, double tail)
{
    const Range range = range_of(event, tail);
    return (range.high - range.low) / interval + 2.0;
}

LossGrid loss_grid(const PrivacyEvent& event, double interval, double tail)
{
    if (event.mechanism == Mechanism::approximate) return two_point_grid(event, interval);
    const Range range = range_of(event, tail);
    LossGrid grid;
    grid.interval = interval;
    grid.first = std::min<std::int64_t>(-1, static_cast<std::int64_t>(std::floor(range.low / interval)));
    const auto last = std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(range.high / interval)));
    grid.mass.resize(static_cast<std::size_t>(last - grid.first + 1));
    const auto epsilon = [&](std::int64_t index) { return static_cast<double>(index) * interval; };
    const double left = -1.0 / std::expm1(-interval);
    const double right = 1.0 / std::expm1(interval);

    // Below 0 from the excess, where δ itself would lose its digits, from 0 on from δ.
    double before = 0.0;
    double here = excess_at(event, epsilon(grid.first));
    grid.infinite_add = here * std::exp(-epsilon(grid.first));
    for (std::int64_t index = grid.first; index < 0; ++index) {
        const double after = excess_at(event, epsilon(index + 1));
        // At the very left the curve runs straight to e^ε = 0, where the excess is 0.
        const double from_left = index == grid.first ? -here : (before - here) * left;
        grid.mass[static_cast<std::size_t>(index - grid.first)] = std::max(0.0, from_left + (after - here) * right);
        before = here;
        here = after;
    }
    before = delta_at(event, epsilon(-1));
    here = delta_at(event, 0.0);
    for (std::int64_t index = 0; index <= last; ++index) {
        const double after = index == last ? here : delta_at(event, epsilon(index + 1));
        grid.mass[static_cast<std::size_t>(index - grid.first)] =
            std::max(0.0, (before - here) * left - (here - after) * right);
        before = here;
        here = after;
    }
    grid.infinite_remove = here;
    grid.coarse = coarse_of(grid);
    return grid;
}

Cumulant cumulant(const LossGrid& grid, double t)
{
    // Blocks share one table of powers; their sums are put together on a scale that the largest sets.
    constexpr std::size_t longest = 128;
    const double growth = std::abs(t) * grid.interval;
    const auto block = static_cast<std::size_t>(std::clamp(600.0 / std::max(growth, 1e-300), 1.0, 1.0 * longest));
    std::array<double, longest> power;
    for (std::size_t k = 0; k < block; ++k) power[k] = std::exp(t * grid.interval * static_cast<double>(k));
    struct Sums {
        double log_scale = 0;
        double start = 0;
        std::array<double, 3> moments{};
    };
    std::vector<Sums> blocks;
    double largest = -HUGE_VAL;
    for (std::size_t start = 0; start < grid.mass.size(); start += block) {
        Sums sums;
        const std::size_t count = std::min(block, grid.mass.size() - start);
        for (std::size_t k = 0; k < count; ++k) {
            const double weight = grid.mass[start + k] * power[k];
            const auto at = static_cast<double>(k);
            sums.moments[0] += weight;
            sums.moments[1] += weight * at;
            sums.moments[2] += weight * at * at;
        }
        if (!(sums.moments[0] > 0.0)) continue;
        sums.start = static_cast<double>(grid.first + static_cast<std::int64_t>(start));
        sums.log_scale = t * grid.interval * sums.start;
        largest = std::max(largest, sums.log_scale + std::log(sums.moments[0]));
        blocks.push_back(sums);
    }
    double total = 0.0;
    double mean = 0.0;
    for (const Sums& sums : blocks) {
        const double scale = std::exp(sums.log_scale - largest);
        total += scale * sums.moments[0];
        mean += scale * (sums.moments[1] + sums.start * sums.moments[0]);
    }
    mean /= total;
    double variance = 0.0;
    for (const Sums& sums : blocks) {
        const double scale = std::exp(sums.log_scale - largest) / total;
        const double from = sums.start - mean;
        variance += scale * (sums.moments[2] + 2.0 * from * sums.moments[1] + from * from * sums.moments[0]);
    }
    return {largest + std::log(total), mean * grid.interval, std::max(0.0, variance) * grid.interval * grid.interval};
}

std::shared_ptr<const LossGrid> LossGrids::of(const PrivacyEvent& event, double interval, double tail)
{
    PrivacyEvent once = event;
    once.count = 1;
    {
        const std::scoped_lock lock(mutex_);
        for (const Entry& entry : entries_)
            if (entry.event == once && entry.interval == interval && entry.tail == tail) return entry.grid;
    }
    auto grid = std::make_shared<const LossGrid>(loss_grid(once, interval, tail));
    const std::scoped_lock lock(mutex_);
    constexpr std::size_t most_points = std::size_t{1} << 24U;  // 128 MB
    if (points_ + grid->mass.size() <= most_points) {
        points_ += grid->mass.size();
        entries_.push_back({once, interval, tail, grid});
    }
    return grid;
}

}  // namespace fedsleuth::analysis
