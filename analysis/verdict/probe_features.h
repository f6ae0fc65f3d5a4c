// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/detection/probe_measures.h"
#include "analysis/verdict/trace_features.h"

#include <string>
#include <utility>
#include <vector>

namespace fedsleuth::analysis {

/// What the probes say of one client over all its rounds, as numbers without a unit: everything is measured against the
/// other clients of the same rounds, and then against how much clients differ from each other at all (methods G.2,
/// S1–S2). Of every series: the level over all rounds, the highest level over the whole, the last three quarters, half
/// and quarter of the time (a client may have begun late), and the mean of its highest quarter.
struct ProbeFeatures {
    model::ClientId client;
    std::vector<double> probe;           ///< probe_feature_names().size(); empty without a probe set
    std::vector<double> trace;           ///< trace_feature_names().size(); empty without misclassified inputs
    std::vector<model::RoundNo> rounds;  ///< T: that it was seen in
    std::vector<double> confusion_z;     ///< T: robust z of the pair of classes that it confuses most, in each round
    std::vector<double> trace_z;         ///< T: of the trace beyond its control
    std::pair<std::int32_t, std::int32_t> pair{-1, -1};  ///< the classes that it confuses most: from, to
};

[[nodiscard]] const std::vector<std::string>& probe_feature_names();

/// Of every client that is in one of the rounds (ascending), by id. `classes`: ProbeMeasures::probe_classes().
[[nodiscard]] std::vector<ProbeFeatures> probe_features(const std::vector<ProbeRound>& rounds,
                                                        const std::vector<std::int32_t>& classes);

}  // namespace fedsleuth::analysis
