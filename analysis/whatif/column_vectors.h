// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/whatif/whatif.h"
#include "model/progress.h"
#include "model/result.h"
#include "model/update_source.h"

#include <limits>
#include <span>
#include <string>
#include <vector>

namespace fedsleuth::analysis {

/// What is kept of a column rule's vector c.
struct ColumnVector {
    AskedRule asked;
    std::string refusal;                ///< why there is none; empty: there is
    std::vector<std::size_t> selected;  ///< where the rule chooses
    std::vector<std::string> notes;
    std::vector<double> products;  ///< n: ⟨c, D_i⟩
    std::vector<double> others;    ///< with every vector of the set, itself included
    double shipped = 0;            ///< ⟨c, w_r − w_{r−1}⟩
    double previous = 0;           ///< ⟨c, step of the round before⟩
};

struct ColumnVectors {
    std::vector<model::ClientId> clients;  ///< n: that the rules were given
    std::vector<ColumnVector> vectors;
    /// ⟨step of the round before, w_r − w_{r−1}⟩, which the ledger does not keep; NaN where there are not both.
    double previous_shipped = std::numeric_limits<double>::quiet_NaN();

    [[nodiscard]] const ColumnVector* find(const AskedRule& asked) const;
};

/// Computes the vectors of the column rules among `rules` in one pass over the updates, and keeps their inner products
/// with everything that a result can be held against. Without any, it reads the two steps alone. Errors: those of the
/// source; cancelled.
[[nodiscard]] model::Result<ColumnVectors> column_vectors(model::UpdateSource& source, const WhatIfRound& round,
                                                          std::span<const model::ClientId> exclude,
                                                          std::span<const AskedRule> rules, model::Progress& progress);

}  // namespace fedsleuth::analysis
