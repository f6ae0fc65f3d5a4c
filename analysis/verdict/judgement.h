// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/verdict/client_features.h"
#include "analysis/verdict/judges.h"

#include <string>
#include <vector>

namespace fedsleuth::analysis {

/// How much one kind of evidence moved the suspicion of a client.
struct Contribution {
    std::string what;     ///< a detector's name, or a family's
    double log_odds = 0;  ///< the suspicion as it is, less what it would be if that evidence were the ordinary client's
};

/// What the trained judges make of one client.
struct Judgement {
    model::ClientId client;
    double suspicion = 0;    ///< log-odds of the first judge
    double log_odds = 0;     ///< of the second
    double probability = 0;  ///< that it is malicious, calibrated on simulated federations that the judges had not seen
    double p_value = 1;      ///< share of honest clients of comparable clean federations that look as suspicious
    std::vector<model::RoundNo> rounds;                 ///< T: seen in
    std::vector<double> round_probability;              ///< T: that it attacked in that round, if it attacked at all
    std::vector<model::RoundNo> bad_rounds;             ///< of the likeliest course
    std::vector<std::pair<std::string, double>> kinds;  ///< of attack and how likely each is, the likeliest first
    std::vector<Contribution> detectors;                ///< greatest first
    std::vector<Contribution> families;                 ///< greatest first
    std::vector<double> values;                         ///< what the first judge looked at: feature_names().size()
};

/// One for every client that was seen, by id.
[[nodiscard]] std::vector<Judgement> judge(const Evidence& evidence, const Judges& judges);

/// The family of evidence that a detector belongs to: "length", "direction", "last layer", "likeness", "time", "shape".
[[nodiscard]] std::string_view evidence_family(std::string_view detector);

/// Which of `p_values` are rejected at false discovery rate `q` (Benjamini & Hochberg 1995); NaN never.
[[nodiscard]] std::vector<bool> benjamini_hochberg(const std::vector<double>& p_values, double q);

}  // namespace fedsleuth::analysis
