// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/verdict/client_features.h"
#include "analysis/verdict/likeness.h"

#include <string>
#include <vector>

namespace fedsleuth::analysis {

/// What clients are to each other and what kind of federation it is, whoever is suspected: the same for every look.
struct Surroundings {
    /// all_likenesses(), that of when each changed, and that of what each stands out by.
    std::vector<Likeness> likenesses;
    std::vector<std::vector<double>> contexts;  ///< of each client, the last of further_feature_names()
};
[[nodiscard]] Surroundings surroundings_of(const Evidence& evidence, const std::vector<ClientFeatures>& clients);

/// What a further look sees: each client's suspicion so far beside everybody else's. What is ordinary differs from
/// federation to federation, so a suspicion is measured against the federation's own middle and spread; how many are
/// suspected tells how far the crowd itself can be trusted. And attackers are like each other: in seven likenesses, and
/// in what each client stands out by, the suspicions of those most like it count, and whether it is more like the
/// suspected than like the rest. Every look can so find the companions of whom the one before was sure.
///
/// `suspicions`: log-odds of the first judge, or of the look before, of each client. Returns clients ×
/// further_feature_names().size().
[[nodiscard]] std::vector<std::vector<double>> further_look(const Surroundings& surroundings,
                                                            const std::vector<double>& suspicions);

[[nodiscard]] const std::vector<std::string>& further_feature_names();

}  // namespace fedsleuth::analysis
