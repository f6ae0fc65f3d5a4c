// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/rules/ledger_geometry.h"
#include "analysis/whatif/column_vectors.h"
#include "analysis/whatif/whatif.h"
#include "model/round_ledger.h"

#include <cstddef>
#include <optional>
#include <vector>

namespace fedsleuth::analysis {

/// One result: Σ w_i D_i + previous · v, or one of the column vectors.
struct Step {
    bool known = false;
    std::vector<double> weights = {};  ///< n
    double previous = 0;
    std::optional<std::size_t> column = {};
};

/// The space in which all results of a round lie: spanned by its updates, the step before, the shipped step and the
/// column vectors, of which nothing but the inner products is known.
class StepSpace {
public:
    StepSpace(const model::RoundLedger& whole, const LedgerRound& who, const ColumnVectors& columns, bool has_previous);

    /// Results times the learning rate, then the shipped step, then the mean of the unflagged.
    void place(std::vector<Step> steps, Step unflagged, double learning_rate);

    [[nodiscard]] std::size_t shipped() const { return count_ - 2; }
    [[nodiscard]] std::size_t unflagged() const { return count_ - 1; }
    [[nodiscard]] double norm(std::size_t step_idx) const;  ///< NaN where the step is not known
    /// Distances are taken from differences of coefficients, so that those of near-copies keep their digits.
    [[nodiscard]] Gap gap(std::size_t a, std::size_t b) const;

private:
    void set(std::size_t a, std::size_t b, double product);

    std::size_t n_;
    std::size_t size_;  ///< of the basis: the updates, step before, shipped step, column vectors
    bool has_shipped_;
    bool steps_compared_ = false;       ///< the product of the step before with the shipped one is known
    std::vector<double> products_;      ///< size × size, of the basis
    std::size_t count_ = 0;             ///< results, shipped step and mean
    std::vector<char> known_;           ///< of each
    std::vector<double> coefficients_;  ///< count × size
    std::vector<double> images_;        ///< count × size: coefficients · products
};

}  // namespace fedsleuth::analysis
