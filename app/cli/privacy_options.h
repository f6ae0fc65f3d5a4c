// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/privacy/accountant.h"
#include "app/cli/command.h"

#include <optional>

namespace fedsleuth::cli {

/// What `compute epsilon`, `noise` and `delta` are asked: a mechanism or a history, and an accountant.
struct PrivacyQuestion {
    analysis::Mechanism mechanism = analysis::Mechanism::gaussian;
    std::optional<double> noise_multiplier;
    double sampling_rate = 1.0;
    bool without_replacement = false;
    std::optional<double> steps;
    double leaves = 1;
    double step_epsilon = 0;
    double step_delta = 0;
    double rho = 0;
    std::string history;  ///< path
    double group = 1;
    std::optional<double> delta;
    std::optional<double> epsilon;
    analysis::Accountant accountant = analysis::Accountant::rdp;
    analysis::AccountOptions options;
    bool curve = false;
    Format format = Format::table;
};

enum class Unknown { epsilon, noise, delta };

/// Adds the options; those that `unknown` answers are left out, those that it needs are required.
void describe_privacy(CLI::App& app, PrivacyQuestion& question, Unknown unknown);

/// The history that the options name; for Unknown::noise without the mechanism whose noise is looked for.
[[nodiscard]] model::Result<analysis::PrivacyHistory> history_of(const PrivacyQuestion& question);
/// The mechanism of the options, `steps` times.
[[nodiscard]] model::Result<analysis::PrivacyEvent> event_of(const PrivacyQuestion& question);

}  // namespace fedsleuth::cli
