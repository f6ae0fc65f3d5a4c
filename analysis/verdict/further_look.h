// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/verdict/client_features.h"

#include <string>
#include <vector>

namespace fedsleuth::analysis {

/// What a further look sees: each client's suspicion so far beside everybody else's. What is ordinary differs from
/// federation to federation, so a suspicion is measured against the federation's own middle and spread; how many are
/// suspected tells how far the crowd itself can be trusted. And attackers are like each other: in six likenesses, and in
/// what each client stands out by, the suspicions of those most like it count, and whether it is more like the suspected
/// than like the rest. Every look can so find the companions of whom the one before was sure.
///
/// `suspicions`: log-odds of the first judge, or of the look before, of each of `clients`. Returns clients ×
/// further_feature_names().size().
[[nodiscard]] std::vector<std::vector<double>> further_look(const Evidence& evidence,
                                                           const std::vector<ClientFeatures>& clients,
                                                           const std::vector<double>& suspicions);

[[nodiscard]] const std::vector<std::string>& further_feature_names();

}  // namespace fedsleuth::analysis
