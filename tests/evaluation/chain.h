// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/verdict/further_look.h"
#include "evaluation/boosting.h"

#include <cstddef>
#include <vector>

namespace fedsleuth::evaluation {

/// One client of one federation, as a chain of judges learns from it.
struct Lesson {
    std::size_t cell = 0;                      ///< index of the federation; lessons are in the order of the cells
    const std::vector<double>* row = nullptr;  ///< what the first judge sees
    bool malicious = false;
    bool used = true;  ///< learned from; the others are only there
};

/// A judge and the looks that follow it (analysis::further_look).
struct Chain {
    TrainedForest first;
    std::vector<TrainedForest> looks;
    std::vector<double>
        unseen;  ///< log-odds after the last look of every lesson, by forests that had not seen its fold
};

/// Each further look learns from suspicions that the one before had of federations which it had not seen (four folds of
/// federations). `surroundings`: of every cell, its clients in the order of the lessons.
[[nodiscard]] Chain learn_chain(const std::vector<Lesson>& lessons,
                                const std::vector<analysis::Surroundings>& surroundings, const BoostingOptions& first,
                                const BoostingOptions& further, std::size_t looks);

/// Log-odds after the last look.
[[nodiscard]] std::vector<double> chain_log_odds(const std::vector<Lesson>& lessons,
                                                 const std::vector<analysis::Surroundings>& surroundings,
                                                 const TrainedForest& first, const std::vector<TrainedForest>& looks);

}  // namespace fedsleuth::evaluation
