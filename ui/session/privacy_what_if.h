// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/privacy/accountant.h"
#include "analysis/privacy/audit.h"

#include <optional>
#include <utility>
#include <vector>

namespace fedsleuth::ui {

/// What the client did, one event for each round of its series; empty where its mechanism is not known.
[[nodiscard]] analysis::PrivacyHistory rounds_of(const analysis::PrivacyAudit& audit,
                                                 const analysis::ClientAudit& client);

/// Between the tight accountant and the usual one, after each round: (round, PLD, RDP), where both are finite.
struct AccountantBand {
    std::vector<double> rounds, lower, upper;
};
/// Error: those of the accountants.
[[nodiscard]] model::Result<AccountantBand> accountant_band(const analysis::PrivacyHistory& rounds,
                                                            const std::vector<double>& numbers, double delta);

/// Where so many more rounds with this noise would lead.
struct WhatIf {
    double rdp = 0;
    double pld = 0;
    std::optional<std::int64_t>
        exceeded_after;  ///< more rounds, by PLD; nothing where the budget lasts or there is none
};
[[nodiscard]] model::Result<WhatIf> what_if(const analysis::PrivacyHistory& rounds, double noise,
                                            std::int64_t more_rounds, double delta, std::optional<double> budget);

}  // namespace fedsleuth::ui
