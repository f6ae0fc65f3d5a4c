// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/parameters.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace fedsleuth::analysis {

ParameterInfo f_parameter(std::string_view meaning)
{
    return {.name = "f", .meaning = meaning, .minimum = 0, .maximum = 1e6, .standard = std::nullopt, .integer = true};
}

model::Result<std::size_t> assumed_f(std::size_t n, std::size_t most, const RuleSettings& settings,
                                     std::string_view rule, std::vector<std::string>& notes)
{
    if (const auto given = settings.values.find("f"); given != settings.values.end()) {
        if (given->second > static_cast<double>(most))
            return model::fail(model::ErrorCode::not_applicable,
                               "With " + std::to_string(n) + " updates f can be at most " + std::to_string(most),
                               std::string(rule));
        return static_cast<std::size_t>(given->second);
    }
    const std::size_t f = std::min(n / 5, most);
    notes.push_back("Assumes " + std::to_string(f) + " malicious of " + std::to_string(n) + " clients.");
    return f;
}

double value_or(const RuleSettings& settings, const std::string& name, double otherwise)
{
    const auto given = settings.values.find(name);
    return given == settings.values.end() ? otherwise : given->second;
}

model::Result<void> need_updates(std::size_t n, std::string_view rule)
{
    if (n == 0)
        return model::fail(model::ErrorCode::not_applicable, "There is no update to aggregate", std::string(rule));
    return {};
}

std::vector<double> norms_of(const RoundGeometry& round)
{
    std::vector<double> norms(round.n);
    for (std::size_t client_idx = 0; client_idx < round.n; ++client_idx)
        norms[client_idx] = std::sqrt(std::max(0.0, round.gram[client_idx * (round.n + 1)]));
    return norms;
}

double median_of(std::vector<double> values)
{
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    return (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
}

double lower_median_of(std::vector<double> values)
{
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    return values[(values.size() - 1) / 2];
}

std::vector<std::size_t> everyone(std::size_t n)
{
    std::vector<std::size_t> all(n);
    std::iota(all.begin(), all.end(), std::size_t{0});
    return all;
}

}  // namespace fedsleuth::analysis
