// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/privacy/accountant.h"
#include "analysis/privacy/loss_grid.h"

namespace fedsleuth::analysis {

/// On which grids a composition is computed.
struct PldMesh {
    double interval = 0;
    double tail = 0;  ///< δ at which one use's grid is cut off
};

/// The mesh for ε at δ: see pld.h. The grids that it tried are left in `grids`. Errors: those of pld_epsilon.
[[nodiscard]] model::Result<PldMesh> pld_mesh(const PrivacyHistory& history, double delta,
                                              const AccountOptions& options, LossGrids& grids);

/// Whether removing and adding a record differ.
[[nodiscard]] bool pld_has_two_directions(const PrivacyHistory& history);

}  // namespace fedsleuth::analysis
