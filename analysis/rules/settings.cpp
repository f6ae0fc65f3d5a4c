// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/rule.h"
#include "model/text.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace fedsleuth::analysis {
namespace {

using model::ErrorCode;
using model::fail;

std::string known_names(const RuleInfo& info)
{
    std::string names;
    for (const ParameterInfo& parameter : info.parameters)
        names += (names.empty() ? "" : ", ") + std::string(parameter.name);
    return names.empty() ? "it takes none" : "it takes: " + names;
}

model::Result<void> check_value(const RuleInfo& info, const ParameterInfo& parameter, double value)
{
    const std::string name(parameter.name);
    if (!std::isfinite(value))
        return fail(ErrorCode::invalid_argument, name + " is not a finite number", std::string(info.name));
    if (parameter.integer && value != std::floor(value))
        return fail(ErrorCode::invalid_argument, name + " has to be a whole number", std::string(info.name));
    if (value < parameter.minimum || value > parameter.maximum)
        return fail(ErrorCode::invalid_argument,
                    name + " has to lie between " + model::short_number(parameter.minimum) + " and " +
                        model::short_number(parameter.maximum),
                    std::string(info.name));
    return {};
}

}  // namespace

model::Result<RuleSettings> complete(const RuleInfo& info, const RuleSettings& settings)
{
    const bool known_variant = info.variants.empty() ? settings.variant == "paper"
                                                     : std::find(info.variants.begin(), info.variants.end(),
                                                                 settings.variant) != info.variants.end();
    if (!known_variant) {
        std::string variants;
        for (const std::string_view variant : info.variants)
            variants += (variants.empty() ? "" : ", ") + std::string(variant);
        return fail(ErrorCode::invalid_argument, "There is no variant '" + settings.variant + "'",
                    std::string(info.name), "known: " + (variants.empty() ? "paper" : variants));
    }
    RuleSettings completed = settings;
    for (const auto& setting : settings.values) {
        const std::string& name = setting.first;
        const auto parameter = std::find_if(info.parameters.begin(), info.parameters.end(),
                                            [&](const ParameterInfo& known) { return known.name == name; });
        if (parameter == info.parameters.end())
            return fail(ErrorCode::invalid_argument, "There is no parameter '" + name + "'", std::string(info.name),
                        known_names(info));
        FEDSLEUTH_CHECK(check_value(info, *parameter, setting.second));
    }
    for (const ParameterInfo& parameter : info.parameters)
        if (parameter.standard) completed.values.try_emplace(std::string(parameter.name), *parameter.standard);
    return completed;
}

}  // namespace fedsleuth::analysis
