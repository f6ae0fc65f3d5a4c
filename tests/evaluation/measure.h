// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "evaluation/recording.h"
#include "model/verdict.h"

#include <optional>
#include <string>
#include <vector>

namespace fedsleuth::evaluation {

/// One client, as it was and as it was judged.
struct Judged {
    const Cell* cell = nullptr;
    model::ClientId client;
    bool malicious = false;
    bool unreliable = false;
    std::string attack;                       ///< the verdicts' name of what it did; empty for the honest
    std::vector<model::RoundNo> bad_rounds;   ///< true ones
    model::Verdict verdict;
    double p_value = 1;
    double log_odds = 0;
};

/// Verdicts of a recorded federation beside the truth.
[[nodiscard]] std::vector<Judged> judged(const Recording& recording);

/// A line of comma-separated values for each, for experiments.
void print_rows(const std::vector<Judged>& rows);

}  // namespace fedsleuth::evaluation
