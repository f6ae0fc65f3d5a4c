// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/privacy/prv.h"

#include "analysis/privacy/fourier.h"
#include "analysis/privacy/loss_grid.h"
#include "analysis/privacy/normal.h"
#include "analysis/privacy/rdp.h"
#include "model/text.h"

#include <algorithm>
#include <cmath>

namespace fedsleuth::analysis {

namespace {

using model::ErrorCode;
using model::fail;

/// Cells of width `cell` around i · cell for i in [−reach, reach).
struct Mesh {
    double cell = 0;
    std::int64_t reach = 0;

    [[nodiscard]] std::int64_t cells() const { return 2 * reach; }
};

/// P[loss ≤ t] for one use.
double loss_cdf(const PrivacyEvent& event, Direction direction, double t)
{
    const double q = event.rate;
    const double sigma = event.noise;
    const bool remove = direction == Direction::remove;
    const double above = std::expm1(remove ? t : -t) + q;
    if (!(above > 0.0)) return remove ? 0.0 : 1.0;
    const double loss = remove ? t : -t;
    const double x = sigma * (loss > 700.0 ? loss - std::log(q) : std::log(above / q)) + 0.5 / sigma;
    if (!remove) return normal_tail(x);
    return (1.0 - q) * normal_cdf(x) + q * normal_cdf(x - 1.0 / sigma);
}

/// E[loss] of one use, by the trapezoidal rule on the noise.
double loss_mean(const PrivacyEvent& event, Direction direction)
{
    const double sigma = event.noise;
    const double q = event.rate;
    const double step = std::min(0.25, 0.25 * sigma);
    const bool remove = direction == Direction::remove;
    double mean = 0.0;
    for (double t = -12.0; t <= (remove ? 1.0 / sigma : 0.0) + 12.0; t += step) {
        const double exponent = t / sigma - 0.5 / (sigma * sigma);
        const double loss = exponent > 300.0 ? exponent + std::log(q) : std::log1p(q * std::expm1(exponent));
        const double without = std::exp(log_normal_density(t));
        if (!remove)
            mean -= without * loss;
        else
            mean += ((1.0 - q) * without + q * std::exp(log_normal_density(t - 1.0 / sigma))) * loss;
    }
    return mean * step;
}

/// One use on the mesh: mass per cell, and how far the cells have to be moved to keep the mean.
struct RoundedLoss {
    std::vector<double> mass;  ///< by cell index modulo the number of cells
    double shift = 0;
};

RoundedLoss rounded_loss(const PrivacyEvent& event, Direction direction, const Mesh& mesh)
{
    RoundedLoss rounded;
    rounded.mass.assign(static_cast<std::size_t>(mesh.cells()), 0.0);
    const double low = loss_cdf(event, direction, (static_cast<double>(-mesh.reach) - 0.5) * mesh.cell);
    const double high = loss_cdf(event, direction, (static_cast<double>(mesh.reach) - 0.5) * mesh.cell);
    double below = low;
    double mean = 0.0;
    for (std::int64_t index = -mesh.reach; index < mesh.reach; ++index) {
        const double upto = loss_cdf(event, direction, (static_cast<double>(index) + 0.5) * mesh.cell);
        const double mass = (upto - below) / (high - low);
        below = upto;
        if (mass <= 0.0) {
            if (upto >= high) break;
            continue;
        }
        rounded.mass[static_cast<std::size_t>(index < 0 ? index + mesh.cells() : index)] = mass;
        mean += mass * static_cast<double>(index) * mesh.cell;
    }
    rounded.shift = loss_mean(event, direction) - mean;
    return rounded;
}

/// δ of the composed loss, ready to be inverted: tail sums from the right.
class ComposedLoss {
public:
    ComposedLoss(const PrivacyHistory& history, Direction direction, const Mesh& mesh) : mesh_(mesh)
    {
        std::vector<std::complex<double>> product(static_cast<std::size_t>(mesh.reach) + 1, 1.0);
        for (const PrivacyEvent& event : history) {
            RoundedLoss once = rounded_loss(event, direction, mesh);
            shift_ += static_cast<double>(event.count) * once.shift;
            const auto spectrum = forward_transform(once.mass);
            for (std::size_t k = 0; k < product.size(); ++k) product[k] *= integer_power(spectrum[k], event.count);
        }
        mass_ = backward_transform(product);
        for (double& mass : mass_) mass /= static_cast<double>(mass_.size());
    }

    /// The ε with δ(ε) = delta; 0 where δ(0) is less.
    [[nodiscard]] double epsilon(double delta) const
    {
        double above = 0.0;   // mass at losses ≥ t
        double scaled = 0.0;  // the same times e^{t − loss}
        const double fade = std::exp(-mesh_.cell);
        for (std::int64_t index = mesh_.reach - 1; index >= -mesh_.reach; --index) {
            const double mass = mass_[static_cast<std::size_t>(index < 0 ? index + mesh_.cells() : index)];
            const double t = static_cast<double>(index) * mesh_.cell + shift_;
            // At the cell below, δ is above − e^{ε − t} scaled, with this cell in.
            above += mass;
            scaled = scaled * fade + mass;
            if (above - fade * scaled <= delta && t - mesh_.cell > 0.0) continue;
            return std::max(0.0, t + std::log(std::max(0.0, above - delta) / scaled));
        }
        return 0.0;
    }

private:
    Mesh mesh_;
    double shift_ = 0;
    std::vector<double> mass_;  ///< by cell index modulo the number of cells
};

/// Remark 5.6 of the paper as Opacus computes it: RDP bounds the tails that the mesh leaves out.
double safe_reach(const PrivacyHistory& history, double delta_error, double epsilon_error)
{
    const std::vector<double> orders = rdp_orders(OrderGrid::opacus);
    double count = 0.0;
    for (const PrivacyEvent& event : history) count += static_cast<double>(event.count);
    double reach = rdp_epsilon(orders, rdp_total(history, orders), delta_error / 4.0).value;
    for (const PrivacyEvent& event : history)
        reach = std::max(reach, rdp_epsilon(orders, rdp_once(event, orders), delta_error / (8.0 * count)).value);
    return std::max(reach, epsilon_error) + 3.0;
}

}  // namespace

model::Result<Spent> prv_epsilon(const PrivacyHistory& history, double delta, const AccountOptions& options)
{
    bool sampled = false;
    double count = 0.0;
    for (const PrivacyEvent& event : history) {
        if (event.mechanism != Mechanism::gaussian || event.sampling == Sampling::without_replacement)
            return fail(ErrorCode::not_applicable, "PRV has no answer for: " + described(event), {}, "use rdp or pld");
        sampled = sampled || event.sampling == Sampling::poisson;
        count += static_cast<double>(event.count);
    }
    if (delta == 0.0) {
        Spent unbounded;
        unbounded.epsilon = HUGE_VAL;
        return unbounded;
    }
    const double delta_error = options.prv_delta_error > 0.0 ? options.prv_delta_error : delta / 1000.0;
    double epsilon_error = options.prv_epsilon_error;
    if (!(epsilon_error > 0.0) || !(delta_error < delta))
        return fail(ErrorCode::invalid_argument, "PRV needs an ε error above 0 and a δ error below δ");
    if (delta < 1e-11)
        return fail(ErrorCode::not_applicable,
                    "PRV cannot tell a δ of " + model::short_number(delta) + " from rounding", {}, "use pld");

    Spent spent;
    Mesh mesh;
    while (true) {
        const double reach = safe_reach(history, delta_error, epsilon_error);
        mesh.cell = epsilon_error / std::sqrt(count * std::log(12.0 / delta_error) / 2.0);
        const double cells = std::ceil(reach / mesh.cell);
        if (!(cells < 1e15)) return fail(ErrorCode::not_applicable, "PRV finds no bound on the loss of this history");
        if (cells <= 4'000'000.0) {
            mesh.reach = static_cast<std::int64_t>(cells) + 1;
            break;
        }
        epsilon_error *= 2.0;
        spent.note = "So wide a loss took a coarser mesh: the bracket is ± " + model::short_number(epsilon_error) + ".";
    }
    double lower = 0.0;
    double estimate = 0.0;
    for (const Direction direction : {Direction::remove, Direction::add}) {
        if (direction == Direction::add && !sampled) break;
        const ComposedLoss loss(history, direction, mesh);
        lower = std::max(lower, loss.epsilon(delta + delta_error) - epsilon_error);
        estimate = std::max(estimate, loss.epsilon(delta));
        spent.epsilon = std::max(spent.epsilon, loss.epsilon(delta - delta_error) + epsilon_error);
    }
    spent.lower = lower;
    spent.estimate = estimate;
    spent.interval = mesh.cell;
    return spent;
}

}  // namespace fedsleuth::analysis
