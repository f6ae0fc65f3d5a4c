// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/round_ledger.h"

#include <cstddef>
#include <vector>

namespace fedsleuth::analysis {

/// What several detectors read off one ledger, worked out once. Vectors are n long, matrices n × n and row-major.
struct RoundView {
    explicit RoundView(const model::RoundLedger& of);

    const model::RoundLedger& ledger;
    std::size_t n;
    std::vector<double> gram;              ///< ⟨D_i, D_j⟩
    std::vector<double> lengths;           ///< |D_i|
    double median_length = 0;              ///< of the crowd
    std::vector<double> to_median;         ///< ⟨D_i, m⟩ with the coordinate median m
    double median_square = 0;              ///< |m|²
    std::vector<double> residual_gram;     ///< ⟨D_i − m, D_j − m⟩
    std::vector<double> residual_cosines;  ///< of the above; 0 on the diagonal and where a residual vanishes
    std::vector<double> own_cosines;       ///< with the client's previous update; NaN without one
};

/// Gram matrix of the residuals D_i − m of one layer, or of the whole model: from the Gram matrix of the updates, their
/// products with m, and |m|².
[[nodiscard]] std::vector<double> centred_gram(const std::vector<double>& gram, const std::vector<double>& to_centre,
                                               double centre_square);

/// Cosines of a centred Gram matrix: 0 on the diagonal, and where a row is only rounding beside `scale` (n: the
/// squares that it was taken from).
[[nodiscard]] std::vector<double> cosines_of(const std::vector<double>& centred, const std::vector<double>& scale);

}  // namespace fedsleuth::analysis
