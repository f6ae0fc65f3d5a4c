// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/privacy/accountant.h"
#include "analysis/privacy/loss_grid.h"

namespace fedsleuth::analysis {

// The privacy loss distribution accountant: connect-the-dots grids, composed in frequency space (loss_sum.h), the
// larger of both directions. An upper bound by construction. The mesh is what the options ask for; else 1e-4, made
// finer until the excess that many steps add up (T (t+1) h² / 12 at the deciding tilt t) is below 5e-4 and 0.2 % of ε,
// and coarser where the window would need more than two million points. Gaussians without sampling alone are answered
// exactly.
//
// `history` is compacted, not empty, every noise in it above 0. Errors: `not_applicable` for zCDP and for sampling
// without replacement; `limit` where an interval that was asked for needs more points than memory allows.

[[nodiscard]] model::Result<Spent> pld_epsilon(const PrivacyHistory& history, double delta,
                                               const AccountOptions& options, LossGrids& grids);

[[nodiscard]] model::Result<double> pld_delta(const PrivacyHistory& history, double epsilon,
                                              const AccountOptions& options, LossGrids& grids);

/// One round of a client: which of the distinct events it was, and how often; nothing where it spent nothing.
struct SpendingRound {
    std::size_t event = 0;
    std::int64_t count = 0;
};
/// ε after each of `rounds`, 0 < δ. `distinct` are events as in `history`, their counts not looked at.
[[nodiscard]] model::Result<std::vector<double>> pld_after_each(const PrivacyHistory& distinct,
                                                                std::span<const SpendingRound> rounds, double delta,
                                                                const AccountOptions& options);

}  // namespace fedsleuth::analysis
