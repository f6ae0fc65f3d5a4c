// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/kernels/gram_chunk.h"
#include "analysis/kernels/order_statistics.h"
#include "analysis/kernels/row_sums.h"
#include "analysis/ledger/block_reader.h"
#include "analysis/ledger/ledger_plan.h"
#include "analysis/ledger/output_rows.h"
#include "model/round_ledger.h"

#include <cstdint>
#include <vector>

namespace fedsleuth::analysis {

/// A run of at most gram_chunk coordinates of one layer: so few that all rows of them stay in the second cache while
/// everything that the ledger wants of them is summed.
struct Run {
    std::size_t layer_idx = 0;
    std::int64_t first = 0;  ///< within the block
    std::int64_t count = 0;
};

/// One worker of the ledger's pass: sums a run from zero, then adds the sums to the ledger.
class RunSums {
public:
    RunSums(const LedgerRows& rows, const std::vector<OutputPlace>& outputs);

    /// What is not finite is made zero in the block and counted: it slipped past ingest (a float64 beyond float32's
    /// range, a file that changed), and one coordinate is not to turn every sum into a NaN.
    void sum(const Block& block, const Run& run);

    /// `layer` is the run's; `ledger.output_rows` has an entry for each of the outputs.
    void add_to(model::RoundLedger::PerLayer& layer, model::RoundLedger& ledger) const;

private:
    void compare_with_median(std::size_t count);
    void add_products_to(model::RoundLedger::PerLayer& layer) const;

    const LedgerRows& rows_;
    const std::vector<OutputPlace>& outputs_;
    const RowKernel& kernel_;
    GramChunk gram_;  ///< of the updates and the shared rows together
    ColumnMedian median_of_;
    std::vector<const float*> client_rows_;
    std::vector<double> median_, sizes_, quiet_, slow_;
    SignBits median_signs_;
    std::vector<SignBits> signs_;  ///< n
    SignBits own_signs_;
    double median_square_ = 0;
    double slow_square_ = 0;
    std::int64_t quiet_coordinates_ = 0;
    std::int64_t sign_compared_ = 0;
    std::int64_t non_finite_ = 0;
    std::vector<RowSums> row_sums_;            ///< n
    std::vector<std::int64_t> agreements_;     ///< n: coordinates with the median's sign ≠ 0
    std::vector<double> slow_products_;        ///< n
    std::vector<PairSums> own_sums_;           ///< one for each of the rows' own_of
    std::vector<SignCounts> own_sign_counts_;  ///< the same
    std::vector<double> shared_with_median_;   ///< of each row between n and own_first: ⟨row, median⟩
    std::vector<OutputPiece> pieces_;          ///< one for each of the outputs
};

}  // namespace fedsleuth::analysis
