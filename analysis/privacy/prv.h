// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/privacy/accountant.h"

namespace fedsleuth::analysis {

/// The privacy random variable accountant (Gopi, Lee, Wutschitz 2021, as Opacus implements it): a bracket around the
/// true ε of Gaussians, Poisson-sampled or not. Losses are rounded to a mesh of cells whose errors cancel on average
/// (each grid keeps the true mean), composed by one transform, and the answer is taken at δ ± δ_error and moved by
/// ε_error, which covers the rounding with all but probability δ_error. `epsilon` is the upper end, the larger of both
/// directions. Where the mesh would need more than eight million cells ε_error is doubled until it does not, and the
/// note says so.
///
/// `history` is compacted, not empty, every noise above 0. Errors: `not_applicable` for other mechanisms, and for δ so
/// small (below 1e-11) that rounding in the transform would decide.
[[nodiscard]] model::Result<Spent> prv_epsilon(const PrivacyHistory& history, double delta,
                                               const AccountOptions& options);

}  // namespace fedsleuth::analysis
