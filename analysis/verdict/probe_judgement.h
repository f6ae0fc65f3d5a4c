// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/verdict/judgement.h"
#include "analysis/verdict/probe_features.h"
#include "model/verdict.h"

#include <string>
#include <vector>

namespace fedsleuth::analysis {

/// The judge of one set of probes: over the calibrated log-odds of the case's own judges, the numbers of clients and of
/// rounds, the probes' features, and all that the case's first judge looks at: what little an update does to the probes
/// weighs more where the client is odd otherwise.
struct ProbeJudge {
    Forest forest;
    double slope = 1, offset = 0;  ///< of the probability
    std::span<const NullCell> library;
};

/// One for each of what can be brought along.
struct ProbeJudges {
    ProbeJudge probe, trace, both;
    std::size_t features = 0;  ///< length of a row with both (probe_judge_row) when they were trained
    std::string_view recipe;
};
[[nodiscard]] const ProbeJudges& trained_probe_judges();

/// What the probes' judge looks at of one of `clients` clients; `which` of the features is there decides on its length.
[[nodiscard]] std::vector<double> probe_judge_row(const Judgement& judgement, std::size_t clients,
                                                  const ProbeFeatures& features);

/// What the probes did to one judgement.
struct ProbeOpinion {
    model::ClientId client;
    double before = 0;                        ///< probability without them
    double log_odds = 0;                      ///< that they added; never below 0
    bool by_trace = false;                    ///< the misclassified inputs speak louder than the probe set
    std::optional<model::RoundNo> strongest;  ///< round
    std::string text;                         ///< one sentence: what was seen
};

/// Weighs the probes into the judgements. Probes only accuse: an input that one attack has nothing to do with says
/// nothing about another, so a client that is suspect without them stays so. Its probability is the greater of both,
/// and its p-value the smaller (by a weighted Bonferroni correction).
[[nodiscard]] std::vector<ProbeOpinion> weigh_probes(std::vector<Judgement>& judgements, const ProbeEvidence& evidence,
                                                     const ProbeJudges& judges);

}  // namespace fedsleuth::analysis
