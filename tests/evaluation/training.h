// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/verdict/judges.h"
#include "evaluation/boosting.h"
#include "evaluation/dataset.h"

#include <filesystem>
#include <string>
#include <vector>

namespace fedsleuth::evaluation {

/// Judges that own their numbers.
struct TrainedJudges {
    TrainedForest first, round;
    std::vector<TrainedForest> looks;
    double slope = 1, offset = 0;
    std::vector<std::pair<std::string, TrainedForest>> kinds;
    struct Null {
        double most_clients = 0, count = 0, tail_from = 0, tail_share = 0, tail_scale = 1, tail_shape = 0;
        std::vector<float> quantiles;
    };
    std::vector<Null> library;
    std::string recipe;
};

/// Learns from `data` (cells of held-out attacks are passed over) and takes the null library from the cells of `quiet`
/// in which nobody attacks.
///
/// Each further look learns from suspicions that the one before had of federations which it had not seen (four folds of
/// federations); the probability is fitted on what the last one said of such.
[[nodiscard]] TrainedJudges train(const Dataset& data, const Dataset& quiet);

/// The judges as analysis/verdict/trained/judges.inc.
[[nodiscard]] std::string as_source(const TrainedJudges& judges);

/// Slope and offset of a logistic regression on one variable, by Newton's method (Platt 1999).
[[nodiscard]] std::pair<double, double> fit_logistic(const std::vector<double>& x, const std::vector<double>& label);

/// Quantiles and tail of what honest clients come to.
[[nodiscard]] TrainedJudges::Null null_cell(std::vector<double> values, double most_clients);

/// Log-odds after the last look for every example.
[[nodiscard]] std::vector<double> last_log_odds(const Dataset& data, const TrainedJudges& judges);

}  // namespace fedsleuth::evaluation
