// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/layer.h"
#include "model/round_ledger.h"

#include <cstdint>
#include <vector>

namespace fedsleuth::analysis {

/// Sums the last layers of a model output by output while its coordinates stream by (RoundLedger::OutputRows).
///
/// The last two layers that have coordinates are looked at. A tensor [C, …] has C outputs, one a row, unless the
/// other of the two is a vector of as many numbers as its last axis and not as its first: then it is a kernel
/// [inputs…, C] as Keras lays it out, with an output a column. A vector [C] is a bias.
class OutputSums {
public:
    /// None for a layer of more than RoundLedger::most_outputs outputs, or n × C above most_output_sums.
    OutputSums(const std::vector<model::Layer>& layers, std::size_t n);

    /// Adds coordinates first … first + count − 1 of all n clients: n rows at `values`, `count` apart.
    void add(const float* values, std::int64_t first, std::int64_t count);

    [[nodiscard]] std::vector<model::RoundLedger::OutputRows> take() { return std::move(rows_); }

private:
    struct Place {
        std::int64_t offset = 0;
        std::int64_t count = 0;
        std::int64_t run = 1;      ///< neighbouring coordinates that belong to one output
        std::int64_t outputs = 1;  ///< after so many runs it is the first one's turn again
    };
    std::size_t n_;
    std::vector<model::RoundLedger::OutputRows> rows_;
    std::vector<Place> places_;
};

}  // namespace fedsleuth::analysis
