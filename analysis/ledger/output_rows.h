// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/kernels/row_sums.h"
#include "model/layer.h"
#include "model/round_ledger.h"

#include <cstdint>
#include <vector>

namespace fedsleuth::analysis {

/// Where the outputs of a layer lie among the coordinates of the model.
struct OutputPlace {
    std::size_t layer_idx = 0;
    bool bias = false;
    std::int64_t offset = 0;
    std::int64_t count = 0;
    std::int64_t run = 1;      ///< neighbouring coordinates that belong to one output
    std::int64_t outputs = 1;  ///< C; after so many runs it is the first one's turn again
};

/// The layers that RoundLedger::output_rows speaks of, for n clients.
///
/// The last two layers that have coordinates are looked at. A tensor [C, …] has C outputs, one a row, unless the
/// other of the two is a vector of as many numbers as its last axis and not as its first: then it is a kernel
/// [inputs…, C] as Keras lays it out, with an output a column. A vector [C] is a bias. Left out are layers of more
/// than RoundLedger::most_outputs outputs, or with n × C above most_output_sums.
[[nodiscard]] std::vector<OutputPlace> output_places(const std::vector<model::Layer>& layers, std::size_t n);

/// Empty sums for a place.
[[nodiscard]] model::RoundLedger::OutputRows empty_output_rows(const OutputPlace& place, std::size_t n);

/// What a piece of the coordinates adds to the outputs of one place.
class OutputPiece {
public:
    /// Sums coordinates first … first + count − 1 of the model: n rows at `values`, `stride` apart.
    void sum(const RowKernel& kernel, const OutputPlace& place, std::size_t n, const float* values, std::int64_t stride,
             std::int64_t first, std::int64_t count);
    void add_to(model::RoundLedger::OutputRows& rows, std::size_t n) const;

private:
    std::size_t first_ = 0;    ///< output
    std::size_t outputs_ = 0;  ///< from there on; 0: the piece lies elsewhere
    std::vector<Moments> moments_;
};

}  // namespace fedsleuth::analysis
