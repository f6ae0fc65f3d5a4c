// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/case_store.h"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fedsleuth::analysis {

/// A limit that a case's policy may set (CaseStore::policy(), by this name).
struct AdmissionLimit {
    std::string_view name;
    std::string_view title;  ///< for people
    std::string_view unit;
    double standard = 0;  ///< where the case sets none
};

/// admission.min_examples, .min_share, .updates_a_round, .updates_a_day, .bulk_registrations, .bulk_window,
/// .rounds_behind and .seconds_late.
[[nodiscard]] std::span<const AdmissionLimit> admission_limits();

/// The limits as they hold: the case's own, the program's for the rest.
[[nodiscard]] std::map<std::string, double> admission_policy(const std::map<std::string, double>& of_the_case);

/// Sets one limit (nothing: back to the program's). Errors: invalid_argument for another name, or a number that is
/// negative or none.
[[nodiscard]] model::Result<void> set_admission_limit(model::CaseStore& store, std::string_view name,
                                                      std::optional<double> value);

/// Who came in, and what came in, against the policy: too few examples, more updates than were asked for, registrations
/// in bursts, updates that start from an old checkpoint or came after their round had closed.
/// `submissions`: every update line of the log, replaced ones too.
[[nodiscard]] std::vector<model::Finding> admission_findings(const std::vector<model::Client>& clients,
                                                             const std::vector<model::Round>& rounds,
                                                             const std::vector<model::Update>& updates,
                                                             const std::vector<model::Submission>& submissions,
                                                             const std::map<std::string, double>& policy);

}  // namespace fedsleuth::analysis
