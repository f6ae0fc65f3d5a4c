// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/privacy/accountant.h"

namespace fedsleuth::analysis {

/// The least noise with which `event` (its noise is not looked at; Gaussian, Laplace or tree) after `spent` keeps ε at
/// δ, to a relative 1e-9 (PLD and PRV: 1e-7) and on the safe side: ε of the answer is at most the one asked for.
/// Infinite where no noise is enough (the accountant's bound does not go down so far, or `spent` alone exceeds ε), 0
/// where none is needed. Errors: ε not above 0; those of epsilon_of.
[[nodiscard]] model::Result<double> noise_for(PrivacyEvent event, std::span<const PrivacyEvent> spent, double epsilon,
                                              double delta, Accountant accountant, const AccountOptions& options = {});

/// How many more times `event` (its count is one time) can follow `spent` before ε at δ exceeds `budget`; nothing where
/// it can for more than 10^12 times. 0 where the budget is gone already.
[[nodiscard]] model::Result<std::optional<std::int64_t>> times_within(const PrivacyEvent& event,
                                                                      std::span<const PrivacyEvent> spent,
                                                                      double budget, double delta,
                                                                      Accountant accountant,
                                                                      const AccountOptions& options = {});

}  // namespace fedsleuth::analysis
