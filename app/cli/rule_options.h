// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/rules/aggregate.h"
#include "app/cli/command.h"
#include "model/json_writer.h"

#include <cstdint>
#include <string>
#include <vector>

namespace fedsleuth::cli {

/// --rule, --pre, --set and --seed, as both aggregate and compute aggregate have them.
struct RuleOptions {
    std::string rule;
    std::vector<std::string> set = {};  ///< name=value
    std::vector<std::string> pre = {};
    std::uint64_t seed = 0;
};

void add_rule(CLI::App& command, RuleOptions& options, bool required = true);

/// A rule that exists, with settings that it takes. Errors (invalid_argument) list what there is.
struct CheckedRule {
    const analysis::RuleInfo* info = nullptr;
    analysis::RuleSettings settings;  ///< as given: the rule fills in its own defaults
};
[[nodiscard]] model::Result<CheckedRule> checked_rule(const RuleOptions& options);

/// What both commands say of a result, in JSON: norm, notes, clip_factors, previous_weight, noise_deviation (null where
/// the rule is not one of weights).
void aggregate_fields(model::JsonWriter& json, const analysis::Aggregate& aggregate);

/// Every rule with its parameters and variants, for --help.
[[nodiscard]] std::string rules_help();

}  // namespace fedsleuth::cli
