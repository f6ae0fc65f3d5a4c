// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/detection/robust.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace fedsleuth::analysis {

namespace {

std::vector<double> finite(std::span<const double> values)
{
    std::vector<double> kept;
    kept.reserve(values.size());
    for (const double value : values)
        if (std::isfinite(value)) kept.push_back(value);
    return kept;
}

}  // namespace

double quantile_of(std::span<const double> values, double share)
{
    std::vector<double> kept = finite(values);
    if (kept.empty()) return std::numeric_limits<double>::quiet_NaN();
    std::sort(kept.begin(), kept.end());
    const double place = std::clamp(share, 0.0, 1.0) * static_cast<double>(kept.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = std::min(below + 1, kept.size() - 1);
    return kept[below] + (place - static_cast<double>(below)) * (kept[above] - kept[below]);
}

double median_of(std::span<const double> values) { return quantile_of(values, 0.5); }

Crowd crowd_of(std::span<const double> values, double floor)
{
    Crowd crowd;
    crowd.location = median_of(values);
    std::vector<double> deviations;
    deviations.reserve(values.size());
    for (const double value : values) deviations.push_back(std::abs(value - crowd.location));
    const double spread = 1.4826 * median_of(deviations);
    crowd.scale = std::isfinite(spread) ? std::max(spread, floor) : floor;
    return crowd;
}

std::vector<double> robust_z(std::span<const double> values, const Crowd& crowd)
{
    std::vector<double> z;
    z.reserve(values.size());
    for (const double value : values) z.push_back((value - crowd.location) / crowd.scale);
    return z;
}

double evidence_of(double z) { return std::isnan(z) ? 0.0 : 2.5 * std::log1p(z * z / 4); }

double fisher(double cosine)
{
    constexpr double edge = 1.0 - 1e-7;
    return std::atanh(std::clamp(cosine, -edge, edge));
}

}  // namespace fedsleuth::analysis
