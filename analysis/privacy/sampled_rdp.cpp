// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/privacy/sampled_rdp.h"

#include "analysis/privacy/normal.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace fedsleuth::analysis {

namespace {

constexpr double nothing = -std::numeric_limits<double>::infinity();

/// ln of a sum of exponentials that arrive one by one.
class LogSum {
public:
    void add(double log_term)
    {
        if (log_term == nothing) return;
        if (log_term > largest_) {
            sum_ = sum_ * std::exp(largest_ - log_term) + 1.0;
            largest_ = log_term;
        } else {
            sum_ += std::exp(log_term - largest_);
        }
    }
    [[nodiscard]] double value() const { return sum_ == 0.0 ? nothing : largest_ + std::log(sum_); }

private:
    double largest_ = nothing;
    double sum_ = 0.0;
};

double log_expm1(double x) { return x > 40.0 ? x : std::log(std::expm1(x)); }
double softplus(double x) { return x > 40.0 ? x : std::log1p(std::exp(x)); }

constexpr double little_noise = 0.05;

/// The nodes on which φ(t) (1 − q + q e^{t/σ − 1/2σ²})^α counts: a bump around 0 and one around α/σ, each `reach` wide,
/// and what is between them. With little noise the bumps lie far apart with nothing between them (and the nodes then
/// serve this order alone).
template <class Visit>
void for_each_node(double sigma, double order, double reach, double step, const Visit& visit)
{
    const double far_from = sigma < little_noise ? order / sigma - reach : -reach;
    for (double t = -reach; t <= std::max(order, 2.0) / sigma + reach; t += step) {
        if (t > reach && t < far_from - step) t += step * std::floor((far_from - t) / step);
        visit(t);
    }
}

/// The likelihood ratio 1 + y at the nodes of one trapezoidal rule, and the weights.
struct Nodes {
    std::vector<double> weight;  ///< φ(t) · step
    std::vector<double> log_weight;
    std::vector<double> ratio;  ///< y = q (e^{t/σ − 1/2σ²} − 1)
    std::vector<double> weighted_ratio;
    std::vector<double> log_ratio;  ///< ln(1 + y)
};

Nodes nodes_of(double q, double sigma, double order)
{
    // ln(1 + y) has its nearest singularity πσ off the real line, where the rule's error is e^{−2π²σ/step}; with little
    // noise the integrand vanishes there and the Gaussian alone bounds the step.
    const double step = sigma < little_noise ? 0.25 : std::min(0.5, 0.5 * sigma);
    Nodes nodes;
    for_each_node(sigma, order, 10.0, step, [&](double t) {
        const double exponent = t / sigma - 0.5 / (sigma * sigma);
        const double log_weight = log_normal_density(t) + std::log(step);
        nodes.log_weight.push_back(log_weight);
        nodes.weight.push_back(std::exp(log_weight));
        const double ratio = q * std::expm1(exponent);
        nodes.ratio.push_back(ratio);
        nodes.weighted_ratio.push_back(exponent > 1.0 ? std::exp(log_weight + std::log(q) + log_expm1(exponent))
                                                      : nodes.weight.back() * ratio);
        nodes.log_ratio.push_back(exponent > 300.0 ? exponent + std::log(q) : std::log1p(ratio));
    });
    return nodes;
}

/// (1 + y)^α − 1 − α y, never negative: the linear part integrates to 0 and would only cost digits.
double convex_part(double order, double ratio, double log_ratio)
{
    if (std::abs(order * ratio) < 0.01) {
        double sum = 1.0;
        for (int k = 7; k >= 3; --k) sum = 1.0 + sum * (order - k + 1.0) / k * ratio;
        return 0.5 * order * (order - 1.0) * ratio * ratio * sum;
    }
    return std::expm1(order * log_ratio) - order * ratio;
}

double cumulant_at(const Nodes& nodes, double order)
{
    const std::size_t count = nodes.weight.size();
    double largest = nothing;
    for (std::size_t k = 0; k < count; ++k)
        largest = std::max(largest, nodes.log_weight[k] + order * nodes.log_ratio[k]);
    double sum = 0.0;
    if (largest > 300.0) {
        for (std::size_t k = 0; k < count; ++k)
            sum += std::exp(nodes.log_weight[k] + order * nodes.log_ratio[k] - largest);
        return largest + std::log(sum);
    }
    for (std::size_t k = 0; k < count; ++k) {
        if (nodes.ratio[k] <= 1.0)
            sum += nodes.weight[k] * convex_part(order, nodes.ratio[k], nodes.log_ratio[k]);
        else
            sum += std::exp(nodes.log_weight[k] + order * nodes.log_ratio[k]) - nodes.weight[k] -
                   order * nodes.weighted_ratio[k];
    }
    return std::log1p(std::max(0.0, sum));
}

/// ln E_Q[(dP/dQ − 1)^order] of the unsampled Gaussian, for an even order.
double log_even_moment(double sigma, int order)
{
    constexpr double step = 0.4;
    LogSum sum;
    for_each_node(sigma, order, 10.0, step, [&](double t) {
        const double exponent = t / sigma - 0.5 / (sigma * sigma);
        const double log_size = exponent > 0.0 ? log_expm1(exponent) : std::log(-std::expm1(exponent));
        sum.add(log_normal_density(t) + std::log(step) + order * log_size);
    });
    return sum.value();
}

}  // namespace

double log_binomial(double n, double k) { return log_gamma(n + 1) - log_gamma(k + 1) - log_gamma(n - k + 1); }

double poisson_cumulant(double q, int order, const std::function<double(int)>& cumulant)
{
    const double log_q = std::log(q);
    const double log_rest = std::log1p(-q);
    LogSum above_one;
    for (int i = 2; i <= order; ++i) {
        const double rest = order == i ? 0.0 : (order - i) * log_rest;
        above_one.add(log_binomial(order, i) + i * log_q + rest + log_expm1(cumulant(i)));
    }
    return softplus(above_one.value());
}

std::vector<double> sampled_gaussian_cumulants(double q, double sigma, std::span<const double> orders)
{
    std::vector<double> cumulants;
    if (orders.empty()) return cumulants;
    // One set of nodes serves the orders up to about twice the least: few sets, none much longer than it has to be.
    std::map<double, Nodes> by_reach;
    for (const double order : orders) {
        auto nodes = by_reach.lower_bound(order);
        if (sigma < little_noise || nodes == by_reach.end() || nodes->first > 2.0 * order + 2.0) {
            const double reach = sigma < little_noise ? order : 1.5 * order + 1.0;
            nodes = by_reach.insert_or_assign(reach, nodes_of(q, sigma, reach)).first;
        }
        cumulants.push_back(cumulant_at(nodes->second, order));
    }
    return cumulants;
}

std::vector<double> without_replacement_gaussian_cumulants(double q, double sigma, std::span<const int> orders)
{
    constexpr int exact_up_to = 256;
    const auto cumulant = [&](int i) { return 0.5 * i * (i - 1.0) / (sigma * sigma); };
    std::vector<double> even(exact_up_to / 2 + 1, nothing);  // at order/2
    const auto moment = [&](int order) {
        double& known = even[static_cast<std::size_t>(order / 2)];
        if (known == nothing) known = log_even_moment(sigma, order);
        return known;
    };
    std::vector<double> cumulants;
    for (const int order : orders) {
        LogSum above_one;
        for (int j = 2; j <= order; ++j) {
            double bound = std::log(2.0) + cumulant(j);
            if (j == 2)
                bound = std::min(bound, std::log(4.0) + log_expm1(1.0 / (sigma * sigma)));
            else if (order <= exact_up_to)
                bound = std::min(bound, std::log(4.0) + 0.5 * (moment(j / 2 * 2) + moment((j + 1) / 2 * 2)));
            above_one.add(bound + j * std::log(q) + log_binomial(order, j));
        }
        cumulants.push_back(softplus(above_one.value()));
    }
    return cumulants;
}

double without_replacement_cumulant(double q, int order, const std::function<double(int)>& rdp, double pure_epsilon)
{
    const double log_two = std::log(2.0);
    const double log_pure = log_expm1(pure_epsilon);  // ln(e^{ε(∞)} − 1)
    LogSum above_one;
    for (int j = 2; j <= order; ++j) {
        double bound = (j - 1.0) * rdp(j) + std::min(log_two, j * log_pure);
        if (j == 2) bound = std::min(bound, std::log(4.0) + log_expm1(rdp(2)));
        above_one.add(bound + j * std::log(q) + log_binomial(order, j));
    }
    return softplus(above_one.value());
}

}  // namespace fedsleuth::analysis
