// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/lab/options.h"

#include <span>
#include <string_view>
#include <vector>

namespace fedsleuth::analysis::lab {

/// One attack of the lab, as data: help, lists and forms are made from it.
struct AttackInfo {
    std::string_view name;
    std::string_view title;
    std::string_view meaning;
    std::string_view source;
    std::string_view label;  ///< the verdicts' name for it (its family: model::family_of)
    std::vector<ParameterInfo> parameters = {};
    std::vector<std::string_view> variants = {};    ///< the default first; empty: there is one form only
    Schedule::Kind usual = Schedule::Kind::always;  ///< when it is made, unless asked otherwise
};

/// Every attack, in the order in which they are shown.
[[nodiscard]] std::span<const AttackInfo> attacks();
[[nodiscard]] const AttackInfo* find_attack(std::string_view name);

/// The verdicts' name for a known attack with these settings: its label, but for the sign flip of the crowd's mean,
/// which is one vector crafted from the crowd and sent by all (IPM with a factor of 1): `collusion`.
[[nodiscard]] std::string_view label_of(std::string_view attack, const RuleSettings& settings);

/// Checks names, ranges and integers of the settings and fills in defaults; the variant becomes the default one where
/// none is given ("paper" or empty). Error invalid_argument.
[[nodiscard]] model::Result<RuleSettings> complete(const AttackInfo& info, const RuleSettings& settings);

}  // namespace fedsleuth::analysis::lab
