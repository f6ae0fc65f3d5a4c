// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/krum_scores.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace fedsleuth::analysis {
namespace {

using model::ErrorCode;
using model::fail;

/// Largest f that the variant allows for n clients; nothing where it allows none.
std::optional<std::size_t> largest_f(std::size_t n, const std::string& variant)
{
    if (n == 0) return std::nullopt;
    if (variant == "flower") return std::numeric_limits<std::size_t>::max();  // one neighbour is always looked at
    if (variant == "byzfl") return (n - 1) / 2;
    if (n < 3) return std::nullopt;
    return (n - 3) / 2;
}

std::size_t neighbours(std::size_t n, std::size_t f, const std::string& variant)
{
    if (variant == "byzfl") return n - f - 1;
    if (variant == "flower" && n < f + 3) return std::min<std::size_t>(1, n - 1);  // a lone client has no neighbour
    return n - f - 2;
}

/// Σ in twice the precision of a float64: rounded once, so that the order of the clients does not matter.
double sum_in_any_order(std::span<const double> values)
{
    double sum = 0;
    double lost = 0;
    for (const double value : values) {
        const double next = sum + value;
        const double part = next - sum;
        lost += (sum - (next - part)) + (value - part);
        sum = next;
    }
    return std::isfinite(sum) ? sum + lost : sum;
}

}  // namespace

ParameterInfo krum_f()
{
    return {.name = "f",
            .meaning =
                "Malicious clients to assume. Where it is not given: a fifth of the clients, rounded down, or fewer "
                "where n > 2f + 2 (byzfl: n > 2f) demands it",
            .minimum = 0,
            .maximum = 1e6,
            .standard = std::nullopt,
            .integer = true};
}

model::Result<KrumScores> krum_scores(const RoundGeometry& round, const RuleSettings& settings, std::string_view rule)
{
    const std::size_t n = round.n;
    const std::optional<std::size_t> most = largest_f(n, settings.variant);
    if (!most)
        return fail(ErrorCode::not_applicable,
                    "Too few updates: " + std::to_string(n) + ", where the rule needs " + (n == 0 ? "one" : "three"),
                    std::string(rule));
    KrumScores result;
    if (const auto given = settings.values.find("f"); given != settings.values.end()) {
        result.f = static_cast<std::size_t>(given->second);
        if (result.f > *most)
            return fail(ErrorCode::not_applicable,
                        "With " + std::to_string(n) + " updates f can be at most " + std::to_string(*most),
                        std::string(rule), "the other variants (flower, byzfl) allow more");
    } else {
        result.f = std::min(n / 5, *most);
        result.notes.push_back("Assumes " + std::to_string(result.f) + " malicious of " + std::to_string(n) +
                               " clients.");
    }
    result.neighbours = neighbours(n, result.f, settings.variant);

    const std::vector<double> distances = squared_distances(round);
    std::vector<double> others;
    for (std::size_t client_idx = 0; client_idx < n; ++client_idx) {
        others.clear();
        for (std::size_t other_idx = 0; other_idx < n; ++other_idx)
            if (other_idx != client_idx) others.push_back(distances[client_idx * n + other_idx]);
        const auto nearest = others.begin() + static_cast<std::ptrdiff_t>(result.neighbours);
        if (nearest != others.end()) std::nth_element(others.begin(), nearest, others.end());
        const double sum = sum_in_any_order({others.data(), result.neighbours});
        const bool mean = settings.variant == "byzfl" && result.neighbours > 0;
        result.scores.push_back(mean ? sum / static_cast<double>(result.neighbours) : sum);
    }
    result.ranking.resize(n);
    std::iota(result.ranking.begin(), result.ranking.end(), std::size_t{0});
    std::stable_sort(result.ranking.begin(), result.ranking.end(),
                     [&](std::size_t a, std::size_t b) { return result.scores[a] < result.scores[b]; });
    return result;
}

}  // namespace fedsleuth::analysis
