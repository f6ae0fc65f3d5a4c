// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/lab/attack.h"

#include <memory>
#include <string>

namespace fedsleuth::analysis::lab {

// One maker for each file of attacks; null where the name is none of its own. Settings are complete.
[[nodiscard]] std::unique_ptr<Attack> make_data_attack(const std::string& name, const RuleSettings& settings,
                                                       const InputShape& shape, std::size_t classes);
[[nodiscard]] std::unique_ptr<Attack> make_crafted_attack(const std::string& name, const RuleSettings& settings);
[[nodiscard]] std::unique_ptr<Attack> make_copying_attack(const std::string& name, const RuleSettings& settings,
                                                          std::size_t classes, std::uint64_t seed);

[[nodiscard]] double setting(const RuleSettings& settings, const std::string& name, double otherwise);
/// A class number; 0 where the attack has no such setting.
[[nodiscard]] std::int32_t label_setting(const RuleSettings& settings, const std::string& name);
/// Replaces examples by some of the class until a fifth are: an attacker gathers what its attack is about.
void ensure_class(Dataset& data, std::int32_t label, ExampleSource& source, Random& random);
/// Adds noise of `share` times the row's length.
void add_jitter(std::span<double> row, double share, Random& random);

}  // namespace fedsleuth::analysis::lab
