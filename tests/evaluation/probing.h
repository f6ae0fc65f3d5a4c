// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/detection/probe_measures.h"
#include "analysis/lab/federation.h"
#include "analysis/verdict/probe_features.h"
#include "evaluation/grid.h"
#include "evaluation/recording.h"

#include <string>
#include <vector>

namespace fedsleuth::evaluation {

/// A simulated federation with what an analyst could bring along: 100 clean inputs, and an input that a shipped model
/// answered as the attacker wants it (where nobody attacks: one that the last model answers wrongly by itself).
struct Probed {
    Recording recording;
    bool has_misclassified = false;
    analysis::Probes probes;
    std::vector<analysis::ProbeRound> rounds;        ///< with all that there is
    std::vector<analysis::ProbeRound> trace_rounds;  ///< with the misclassified input alone; empty without one
    std::int32_t wrong_answer = -1;
    std::vector<std::int32_t> classes;
};

/// Simulates the cell and measures every round with both probes.
[[nodiscard]] model::Result<Probed> probe_cell(const Cell& cell);

/// The lab's data as a probe set.
[[nodiscard]] model::ProbeSet as_probe(const analysis::lab::Dataset& data, const std::string& name);

}  // namespace fedsleuth::evaluation
