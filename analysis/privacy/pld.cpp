// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/privacy/pld.h"

#include "analysis/privacy/composition.h"
#include "analysis/privacy/gaussian.h"
#include "analysis/privacy/loss_sum.h"
#include "analysis/privacy/pld_mesh.h"
#include "model/text.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace fedsleuth::analysis {

namespace {

using model::ErrorCode;
using model::fail;

constexpr double usual_interval = 1e-4;
constexpr double most_points = 1U << 21U;        ///< where the mesh is ours to choose
constexpr double most_points_asked = 1U << 24U;  ///< where it was asked for

/// Unsampled Gaussians compose to one Gaussian, exactly.
PrivacyHistory with_gaussians_joined(const PrivacyHistory& history)
{
    PrivacyHistory joined;
    double squares = 0.0;
    for (const PrivacyEvent& event : history) {
        if (event.mechanism == Mechanism::gaussian && event.sampling == Sampling::none)
            squares += static_cast<double>(event.count) / (event.noise * event.noise);
        else
            joined.push_back(event);
    }
    if (squares > 0.0) joined.push_back(sampled_gaussian(1.0 / std::sqrt(squares), 1.0, 1));
    return joined;
}

bool is_gaussian_alone(const PrivacyHistory& joined)
{
    return joined.size() == 1 && joined.front().mechanism == Mechanism::gaussian &&
           joined.front().sampling == Sampling::none;
}

model::Result<void> check(const PrivacyHistory& history)
{
    for (const PrivacyEvent& event : history)
        if (event.mechanism == Mechanism::zcdp || event.sampling == Sampling::without_replacement)
            return fail(ErrorCode::not_applicable, "a privacy loss distribution is not known for: " + described(event),
                        {}, "use rdp");
    return {};
}

double total_count(const PrivacyHistory& history)
{
    double count = 0.0;
    for (const PrivacyEvent& event : history) count += static_cast<double>(event.count);
    return count;
}

/// Where grids may be cut off so that a δ is not felt: a power of 1000, so that grids can be shared.
double tail_for(double delta, double count)
{
    const double wanted = std::log10(delta) - 9.0 - std::log10(std::max(1.0, count));
    return std::pow(10.0, std::max(-300.0, 3.0 * std::floor(wanted / 3.0)));
}

std::vector<LossPart> parts_of(const PrivacyHistory& history, double interval, double tail, LossGrids& grids)
{
    std::vector<LossPart> parts;
    for (const PrivacyEvent& event : history) parts.push_back({grids.of(event, interval, tail), event.count});
    return parts;
}

/// One, two or five times a power of ten.
double round_up(double interval)
{
    const double power = std::pow(10.0, std::floor(std::log10(interval)));
    for (const double digit : {1.0, 2.0, 5.0})
        if (digit * power >= interval * (1.0 - 1e-9)) return digit * power;
    return 10.0 * power;
}

double round_down(double interval)
{
    const double power = std::pow(10.0, std::floor(std::log10(interval)));
    for (const double digit : {5.0, 2.0})
        if (digit * power <= interval) return digit * power;
    return power;
}

struct Composition {
    std::vector<LossPart> parts;
    double interval = 0;
};

/// Grids on a mesh that suits the answer: see pld.h. `tilt_of(parts)` is the tilt that will decide.
template <class TiltOf>
model::Result<Composition> composition_of(const PrivacyHistory& history, double tail, const AccountOptions& options,
                                          LossGrids& grids, const TiltOf& tilt_of)
{
    const bool fixed = options.interval > 0.0;
    const double limit = fixed ? most_points_asked : most_points;
    double interval = fixed ? options.interval : usual_interval;
    double points = 0.0;
    for (const PrivacyEvent& event : history) points += loss_grid_points(event, interval, tail);
    if (points > limit) {
        if (fixed)
            return fail(ErrorCode::limit,
                        "a discretisation of " + model::short_number(interval) + " needs " +
                            model::grouped(static_cast<long long>(points)) + " points",
                        {}, "use a coarser one");
        interval = round_up(interval * points / limit);
    }
    const double count = total_count(history);
    for (int attempt = 0;; ++attempt) {
        Composition made{parts_of(history, interval, tail, grids), interval};
        if (attempt == 3) return made;
        const Tilt tilt = tilt_of(made.parts);
        const LossWindow window = loss_window(made.parts, Direction::remove, tilt);
        const double width = window.high - window.low;
        if (width / interval > limit) {
            if (fixed)
                return fail(ErrorCode::limit,
                            "a discretisation of " + model::short_number(interval) + " needs " +
                                model::grouped(static_cast<long long>(width / interval)) + " points",
                            {}, "use a coarser one");
            interval = round_up(width / limit);
            continue;
        }
        if (fixed) return made;
        const double tolerance = std::clamp(2e-3 * tilt.target, 1e-6, 5e-4);
        const double wanted = std::sqrt(12.0 * tolerance / (count * (tilt.value + 1.0)));
        if (wanted >= interval) return made;
        const double finer = round_down(std::max({wanted, width / limit, interval * points / limit, 1e-7}));
        if (finer >= interval || width / finer > 2.0 * limit) return made;
        interval = finer;
    }
}

double epsilon_in(const Composition& composition, Direction direction, double delta)
{
    const Tilt tilt = tilt_for_delta(composition.parts, direction, delta);
    const LossWindow window = loss_window(composition.parts, direction, tilt);
    LossSum sum(composition.interval, direction, tilt.value, window);
    sum.put_in(composition.parts);
    return sum.epsilon(delta, tilt.target, 0.3 * window.deviation);
}

double delta_in(const Composition& composition, Direction direction, double epsilon)
{
    const Tilt tilt = tilt_for_epsilon(composition.parts, direction, epsilon);
    LossSum sum(composition.interval, direction, tilt.value, loss_window(composition.parts, direction, tilt));
    sum.put_in(composition.parts);
    const auto index = static_cast<std::int64_t>(std::floor(epsilon / composition.interval));
    const double low = sum.delta(index);
    const double high = sum.delta(index + 1);
    const double beyond = epsilon - static_cast<double>(index) * composition.interval;
    return low - (low - high) * std::expm1(beyond) / std::expm1(composition.interval);
}

/// The mesh of composition_of for ε at δ.
model::Result<Composition> composition_for(const PrivacyHistory& history, double delta, const AccountOptions& options,
                                           LossGrids& grids)
{
    return composition_of(history, tail_for(delta, total_count(history)), options, grids,
                          [&](const auto& parts) { return tilt_for_delta(parts, Direction::remove, delta); });
}

}  // namespace

bool pld_has_two_directions(const PrivacyHistory& history)
{
    return std::any_of(history.begin(), history.end(),
                       [](const PrivacyEvent& event) { return event.sampling == Sampling::poisson; });
}

model::Result<PldMesh> pld_mesh(const PrivacyHistory& history, double delta, const AccountOptions& options,
                                LossGrids& grids)
{
    FEDSLEUTH_CHECK(check(history));
    FEDSLEUTH_TRY(const Composition composition, composition_for(history, delta, options, grids));
    return PldMesh{composition.interval, tail_for(delta, total_count(history))};
}

model::Result<Spent> pld_epsilon(const PrivacyHistory& history, double delta, const AccountOptions& options,
                                 LossGrids& grids)
{
    FEDSLEUTH_CHECK(check(history));
    Spent spent;
    const PrivacyHistory joined = with_gaussians_joined(history);
    if (is_gaussian_alone(joined)) {
        spent.epsilon = gdp_epsilon(1.0 / joined.front().noise, delta);
        return spent;
    }
    if (delta == 0.0) {
        spent.epsilon = basic_epsilon(history, 0.0);
        return spent;
    }
    FEDSLEUTH_TRY(const Composition composition, composition_for(joined, delta, options, grids));
    spent.interval = composition.interval;
    spent.epsilon = epsilon_in(composition, Direction::remove, delta);
    if (pld_has_two_directions(joined) && std::isfinite(spent.epsilon))
        spent.epsilon = std::max(spent.epsilon, epsilon_in(composition, Direction::add, delta));
    return spent;
}

model::Result<double> pld_delta(const PrivacyHistory& history, double epsilon, const AccountOptions& options,
                                LossGrids& grids)
{
    FEDSLEUTH_CHECK(check(history));
    const PrivacyHistory joined = with_gaussians_joined(history);
    if (is_gaussian_alone(joined)) return gdp_delta(1.0 / joined.front().noise, epsilon);
    const auto tilt_of = [&](const auto& parts) { return tilt_for_epsilon(parts, Direction::remove, epsilon); };
    double tail = tail_for(1e-12, total_count(joined));
    while (true) {
        FEDSLEUTH_TRY(const Composition composition, composition_of(joined, tail, options, grids, tilt_of));
        double delta = delta_in(composition, Direction::remove, epsilon);
        if (pld_has_two_directions(joined)) delta = std::max(delta, delta_in(composition, Direction::add, epsilon));
        // What was cut off must not be what the answer consists of.
        const double wanted = tail_for(std::max(delta, 1e-290), total_count(joined));
        if (tail <= wanted || tail <= 1e-280) return delta;
        tail = std::min(wanted, tail * tail);
    }
}

}  // namespace fedsleuth::analysis
