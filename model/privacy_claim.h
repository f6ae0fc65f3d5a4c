// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>

namespace fedsleuth::model {

/// What a client claims to have spent, as it came with an update.
struct PrivacyClaim {
    std::optional<double> epsilon;
    bool cumulative = true;  ///< epsilon covers all rounds so far; else this round alone
    std::optional<double> delta;
    std::optional<double> noise_multiplier;
    std::optional<double> clipping_norm;
    std::optional<double> sampling_rate;
    std::optional<double> steps;
    std::string accountant;
};

}  // namespace fedsleuth::model
