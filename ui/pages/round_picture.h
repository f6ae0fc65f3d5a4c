// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/detection/geometry.h"
#include "model/progress.h"
#include "model/result.h"

#include <QString>
#include <cstddef>
#include <vector>

namespace fedsleuth::ui {

/// Everything that the Rounds page draws of one ledger. Made in a job: clustering a thousand updates takes a while.
struct RoundPicture {
    model::RoundNo round;
    std::vector<model::ClientId> clients;     ///< n, in the ledger's order
    analysis::PrincipalPlane plane;
    std::vector<double> norms;                ///< n
    std::vector<std::size_t> order;           ///< rows of the heat map: like beside like
    std::vector<double> similarities;         ///< n × n cosines, in that order
    std::vector<int> clusters;  ///< n, in the ledger's order; −1 is noise; empty where it could not be done
    QString no_clusters;                      ///< why
};

[[nodiscard]] model::Result<RoundPicture> picture_of(const model::RoundLedger& ledger, const model::Progress& progress);

}  // namespace fedsleuth::ui
