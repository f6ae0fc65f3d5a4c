// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/verdict/client_features.h"

#include <string>
#include <vector>

namespace fedsleuth::analysis {

/// What the second judge looks at: each client's first suspicion beside everybody else's. What is ordinary differs from
/// federation to federation, so a suspicion is measured against the federation's own middle and spread; attackers
/// keep each other company, so that of a client's closest company counts; and how many are suspected tells how far the
/// crowd itself can be trusted.
///
/// `suspicions`: log-odds of the first judge, of each of `clients`. Returns clients × second_feature_names().size().
[[nodiscard]] std::vector<std::vector<double>> second_look(const Evidence& evidence,
                                                           const std::vector<ClientFeatures>& clients,
                                                           const std::vector<double>& suspicions);

[[nodiscard]] const std::vector<std::string>& second_feature_names();

}  // namespace fedsleuth::analysis
