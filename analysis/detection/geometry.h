// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/round_ledger.h"

#include <vector>

namespace fedsleuth::analysis {

/// n × n, row-major: 1 − cos(D_i, D_j), in [0, 2]; 1 where either is zero; the diagonal is 0.
[[nodiscard]] std::vector<double> cosine_distances(const model::RoundLedger& ledger);
/// n × n, row-major: |D_i − D_j|.
[[nodiscard]] std::vector<double> euclidean_distances(const model::RoundLedger& ledger);
/// n: |D_i|.
[[nodiscard]] std::vector<double> norms(const model::RoundLedger& ledger);

/// The updates of a round on their first two principal components, from the ledger's Gram matrix alone.
struct PrincipalPlane {
    std::vector<double> x, y;         ///< n: coordinates in the unit of the update (an L2 length)
    double share_x = 0, share_y = 0;  ///< of the total variance, in [0, 1]
};
[[nodiscard]] PrincipalPlane principal_plane(const model::RoundLedger& ledger);

}  // namespace fedsleuth::analysis
