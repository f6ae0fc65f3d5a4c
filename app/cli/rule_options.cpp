// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/rule_options.h"

#include "analysis/rules/pre_aggregation.h"
#include "app/cli/output.h"
#include "app/cli/text_width.h"
#include "model/text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

namespace fedsleuth::cli {

namespace {

using model::ErrorCode;
using model::Result;

std::string listed(const std::vector<std::string_view>& names)
{
    std::string text;
    for (const std::string_view name : names) text += (text.empty() ? "" : ", ") + std::string(name);
    return text.empty() ? "none" : text;
}

std::vector<std::string_view> rule_names()
{
    std::vector<std::string_view> names;
    for (const analysis::RuleInfo* info : analysis::all_rules()) names.push_back(info->name);
    return names;
}

std::vector<std::string_view> parameter_names(const analysis::RuleInfo& info)
{
    std::vector<std::string_view> names;
    for (const analysis::ParameterInfo& parameter : info.parameters) names.push_back(parameter.name);
    if (info.variants.size() > 1) names.emplace_back("variant");
    return names;
}

/// Whose reading of the rule. An implementation that reads this rule as its paper does is not among its variants, and
/// asking for it is asking for the paper's.
Result<void> set_variant(const std::string& value, const std::string& where, const analysis::RuleInfo& info,
                         analysis::RuleSettings& settings)
{
    std::string name = value;
    std::replace(name.begin(), name.end(), '_', '-');
    const auto listed_as = [&](const std::string& variant) {
        return std::find(info.variants.begin(), info.variants.end(), variant) != info.variants.end();
    };
    const std::string implementation = name.substr(0, name.find('-'));
    if (name == "paper" || listed_as(name)) {
        settings.variant = name;
    } else if (implementation == "flower" || implementation == "byzfl") {
        settings.variant = listed_as(implementation) ? implementation : "paper";
    } else {
        return model::fail(ErrorCode::invalid_argument, "the rule " + std::string(info.name) + " has no such variant",
                           where, "its variants: " + listed(info.variants));
    }
    return {};
}

bool has_parameter(const analysis::RuleInfo& info, const std::string& name)
{
    return std::any_of(info.parameters.begin(), info.parameters.end(),
                       [&](const analysis::ParameterInfo& parameter) { return parameter.name == name; });
}

/// One name=value of --set. A name that both the rule and a pre-aggregation know means both; PRE.name means the
/// pre-aggregation's alone.
Result<void> apply(const std::string& assignment, const analysis::RuleInfo& info, analysis::RuleSettings& settings)
{
    const std::string where = "--set " + assignment;
    const std::size_t equals = assignment.find('=');
    if (equals == std::string::npos || equals == 0)
        return model::fail(ErrorCode::invalid_argument, "is not of the form name=value", where);
    const std::string name = assignment.substr(0, equals);
    const std::string value = assignment.substr(equals + 1);
    if (name == "variant") return set_variant(value, where, info, settings);
    double number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc{} || end != value.data() + value.size() || !std::isfinite(number))
        return model::fail(ErrorCode::invalid_argument, "is no number", where);
    bool taken = has_parameter(info, name);
    if (taken) settings.values[name] = number;
    std::vector<std::string_view> names = parameter_names(info);
    for (analysis::PreSettings& step : settings.pre) {
        const analysis::RuleInfo& known = analysis::find_pre_aggregation(step.name)->info();
        for (const analysis::ParameterInfo& parameter : known.parameters) {
            const std::string own(parameter.name);
            const bool meant = name == own || name == parameter.alias || name == step.name + "." + own;
            if (!meant) continue;
            step.values[own] = number;
            taken = true;
        }
        for (const std::string_view own : parameter_names(known)) names.push_back(own);
    }
    if (!taken) {
        return model::fail(ErrorCode::invalid_argument, "the rule " + std::string(info.name) + " has no such parameter",
                           where, "its parameters: " + listed(names));
    }
    return {};
}

std::string bound_text(double number)
{
    constexpr double largest_grouped = 1e15;
    const bool whole = std::floor(number) == number && std::abs(number) < largest_grouped;
    return whole ? model::grouped(static_cast<long long>(number)) : model::short_number(number, 6);
}

std::string parameter_help(const analysis::ParameterInfo& parameter)
{
    std::string text = std::string(parameter.name) + ": " + std::string(parameter.meaning);
    text += parameter.integer ? " (integer" : " (number";
    if (parameter.maximum > parameter.minimum) {
        text += ", " + bound_text(parameter.minimum);
        text += std::isfinite(parameter.maximum) && parameter.maximum < 1e15 ? " to " + bound_text(parameter.maximum)
                                                                             : " or more";
    }
    if (parameter.standard) text += "; " + bound_text(*parameter.standard) + " unless set";
    return text + ")";
}

}  // namespace

void add_rule(CLI::App& command, RuleOptions& options, bool required)
{
    command
        .add_option("--rule", options.rule,
                    required ? "the aggregation rule (listed below)"
                             : "the aggregation rule (listed below); the declared one unless given")
        ->required(required)
        ->option_text("RULE");
    command.add_option("--pre", options.pre, "what is done to the updates first (listed below); in the order given")
        ->option_text("PRE")
        ->type_size(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->allow_extra_args(false);
    command.add_option("--seed", options.seed, "of everything that is drawn (0 unless given)")->option_text("S");
    command.add_option("--set", options.set, "a parameter of the rule; may be given several times")
        ->option_text("name=value")
        ->type_size(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->allow_extra_args(false);
}

Result<CheckedRule> checked_rule(const RuleOptions& options)
{
    const std::vector<const analysis::RuleInfo*> rules = analysis::all_rules();
    const auto found = std::find_if(rules.begin(), rules.end(),
                                    [&](const analysis::RuleInfo* info) { return info->name == options.rule; });
    if (found == rules.end()) {
        return model::fail(ErrorCode::invalid_argument, "there is no such rule", "--rule " + options.rule,
                           "there are: " + listed(rule_names()));
    }
    CheckedRule checked{*found, {}};
    checked.settings.seed = options.seed;
    for (const std::string& name : options.pre) {
        if (analysis::find_pre_aggregation(name) == nullptr) {
            std::vector<std::string_view> names;
            for (const analysis::PreAggregation* step : analysis::pre_aggregations())
                names.push_back(step->info().name);
            return model::fail(ErrorCode::invalid_argument, "there is no such pre-aggregation", "--pre " + name,
                               "there are: " + listed(names));
        }
        checked.settings.pre.push_back({name, {}});
    }
    for (const std::string& assignment : options.set)
        FEDSLEUTH_CHECK(apply(assignment, *checked.info, checked.settings));
    FEDSLEUTH_CHECK(analysis::complete(*checked.info, checked.settings));
    for (const analysis::PreSettings& step : checked.settings.pre)
        FEDSLEUTH_CHECK(analysis::complete(analysis::find_pre_aggregation(step.name)->info(), {.values = step.values}));
    return checked;
}

void aggregate_fields(model::JsonWriter& json, const analysis::Aggregate& aggregate)
{
    json.field("norm", aggregate.norm).key("notes").begin_array();
    for (const std::string& note : aggregate.notes) json.value(note);
    json.end_array();
    const auto& how = aggregate.how;
    if (how && !how->clip_factors.empty())
        numbers_field(json, "clip_factors", how->clip_factors);
    else
        json.key("clip_factors").null();
    json.optional_field("previous_weight", how ? std::optional(how->previous_weight) : std::nullopt);
    json.optional_field("noise_deviation", how ? std::optional(how->noise_deviation) : std::nullopt);
}

std::string rules_help()
{
    constexpr int columns = 110;
    std::string help = "Rules:\n";
    const auto add = [&help](int indent, const std::string& text) {
        bool first = true;
        for (const std::string& line : wrapped(text, columns - indent)) {
            help += std::string(static_cast<std::size_t>(first ? indent : indent + 2), ' ') + line + "\n";
            first = false;
        }
    };
    const auto add_source = [&](const analysis::RuleInfo& info) {
        add(6, "bears: " + std::string(info.breakdown));
        add(6, "paper: " + std::string(info.paper));
    };
    for (const analysis::RuleInfo* info : analysis::all_rules()) {
        add(2, std::string(info->name) + ": " + std::string(info->meaning));
        add_source(*info);
        for (const analysis::ParameterInfo& parameter : info->parameters) add(6, parameter_help(parameter));
        if (info->variants.size() > 1) add(6, "variant: " + listed(info->variants) + " (paper unless set)");
    }
    help += "\nPre-aggregations (--pre; --set PRE.name=value where the rule has a parameter of the same name):\n";
    for (const analysis::PreAggregation* step : analysis::pre_aggregations()) {
        add(2, std::string(step->info().name) + ": " + std::string(step->info().meaning));
        add_source(step->info());
        for (const analysis::ParameterInfo& parameter : step->info().parameters) add(6, parameter_help(parameter));
    }
    return help + "\n";
}

}  // namespace fedsleuth::cli
