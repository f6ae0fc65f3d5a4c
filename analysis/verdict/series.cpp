// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/verdict/series.h"

#include "analysis/detection/robust.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace fedsleuth::analysis {

double held(double value, double most) { return std::isnan(value) ? 0.0 : std::clamp(value, -most, most); }

double mean_of(std::span<const double> values)
{
    double sum = 0;
    std::size_t count = 0;
    for (const double value : values) {
        if (std::isnan(value)) continue;
        sum += value;
        ++count;
    }
    return count > 0 ? sum / static_cast<double>(count) : not_known;
}

double quarter_mean(const Series& series, bool highest)
{
    std::vector<double> kept;
    for (const double value : series)
        if (!std::isnan(value)) kept.push_back(value);
    if (kept.empty()) return not_known;
    const std::size_t count = std::max<std::size_t>(1, (kept.size() + 3) / 4);
    if (highest)
        std::partial_sort(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(count), kept.end(),
                          std::greater<>());
    else
        std::partial_sort(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(count), kept.end());
    return mean_of(std::span(kept).first(count));
}

double greatest_shift(const Series& series)
{
    std::vector<double> kept;
    for (const double value : series)
        if (!std::isnan(value)) kept.push_back(value);
    if (kept.size() < 4) return not_known;
    double total = 0;
    for (const double value : kept) total += value;
    double before = 0, best = 0;
    for (std::size_t cut = 1; cut < kept.size(); ++cut) {
        before += kept[cut - 1];
        const auto n1 = static_cast<double>(cut);
        const auto n2 = static_cast<double>(kept.size() - cut);
        if (cut < 2 || kept.size() - cut < 2) continue;
        const double shift = ((total - before) / n2 - before / n1) * std::sqrt(n1 * n2 / (n1 + n2));
        if (std::abs(shift) > std::abs(best)) best = shift;
    }
    return best;
}

double farthest(const Series& series)
{
    double most = not_known;
    for (const double value : series)
        if (!std::isnan(value) && !(std::abs(value) <= std::abs(most))) most = value;
    return most;
}

std::vector<Series> apart_from_own(const std::vector<const Series*>& clients, double floor, double widest)
{
    constexpr std::ptrdiff_t fewest = 4;
    std::vector<Series> apart;
    std::vector<double> deviations;
    for (const Series* series : clients) {
        Series& own = apart.emplace_back(*series);
        const auto known = std::count_if(own.begin(), own.end(), [](double value) { return !std::isnan(value); });
        const double middle = known < fewest ? not_known : median_of(own);
        for (double& value : own) {
            value -= middle;
            if (!std::isnan(value)) deviations.push_back(std::abs(value));
        }
    }
    const double scale = deviations.empty() ? floor : std::max(1.4826 * median_of(deviations), floor);
    for (Series& series : apart)
        for (double& value : series)
            if (!std::isnan(value)) value = std::clamp(value / scale, -widest, widest);
    return apart;
}

namespace {

/// Median of the known ones; reorders them (median_of sorts a copy, which is slow for every row and column of a large
/// table). NaN where there are none.
double middle_of(std::vector<double>& values)
{
    std::erase_if(values, [](double value) { return std::isnan(value); });
    if (values.empty()) return not_known;
    const auto half = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), half, values.end());
    return values.size() % 2 == 1 ? *half : (*std::max_element(values.begin(), half) + *half) / 2;
}

}  // namespace

Polished polish(const std::vector<const Series*>& clients, const std::vector<std::vector<std::size_t>>& rounds,
                std::size_t round_count)
{
    constexpr int most_sweeps = 12;
    constexpr double settled = 1e-3;  // z, cosines, logarithms: nothing smaller is worth another sweep
    const std::size_t n = clients.size();
    std::vector<std::vector<std::pair<std::size_t, std::size_t>>> present(round_count);  // client, place in its series
    Polished out{std::vector<double>(n, 0.0), {}};
    for (std::size_t client_idx = 0; client_idx < n; ++client_idx) {
        out.rest.push_back(*clients[client_idx]);
        for (std::size_t place = 0; place < rounds[client_idx].size(); ++place)
            present[rounds[client_idx][place]].emplace_back(client_idx, place);
    }
    std::vector<double> column;
    double moved = 2 * settled;
    for (int sweep = 0; sweep < most_sweeps && moved > settled; ++sweep) {
        moved = 0;
        for (const auto& round : present) {
            column.clear();
            for (const auto& [client_idx, place] : round) column.push_back(out.rest[client_idx][place]);
            const double middle = middle_of(column);
            if (std::isnan(middle)) continue;
            for (const auto& [client_idx, place] : round) out.rest[client_idx][place] -= middle;
        }
        for (std::size_t client_idx = 0; client_idx < n; ++client_idx) {
            column = out.rest[client_idx];
            const double middle = middle_of(column);
            out.client[client_idx] += middle;  // NaN stays
            for (double& value : out.rest[client_idx]) value -= middle;
            if (std::abs(middle) > moved) moved = std::abs(middle);
        }
    }
    return out;
}

void without_covariate(std::vector<double>& values, const std::vector<double>& covariate)
{
    constexpr std::size_t most_pairs_of = 400;
    std::vector<std::size_t> known;
    for (std::size_t idx = 0; idx < values.size(); ++idx)
        if (std::isfinite(values[idx]) && std::isfinite(covariate[idx])) known.push_back(idx);
    if (known.size() < 8) return;
    const std::size_t stride = (known.size() + most_pairs_of - 1) / most_pairs_of;
    std::vector<double> slopes;
    for (std::size_t a = 0; a < known.size(); a += stride)
        for (std::size_t b = 0; b < a; b += stride) {
            const double run = covariate[known[a]] - covariate[known[b]];
            if (std::abs(run) > 0.05) slopes.push_back((values[known[a]] - values[known[b]]) / run);
        }
    if (slopes.size() < 8) return;
    const double slope = median_of(slopes);
    const double middle = median_of(covariate);
    for (const std::size_t idx : known) values[idx] -= slope * (covariate[idx] - middle);
}

std::vector<double> levels(std::vector<double> values, double floor)
{
    const Crowd crowd = crowd_of(values, floor);
    for (double& value : values) value = held((value - crowd.location) / crowd.scale, widest_level);
    return values;
}

}  // namespace fedsleuth::analysis
