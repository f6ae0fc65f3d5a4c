// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/detection/score_round.h"

#include "analysis/detection/round_detectors.h"

#include <algorithm>
#include <limits>
#include <map>

namespace fedsleuth::analysis {

using model::DetectorScores;

std::vector<DetectorScores> score_round(const model::RoundLedger& ledger, History& history,
                                        const Attendance::Declared& declared)
{
    if (ledger.size() < smallest_crowd) return {};
    const RoundView view(ledger);
    std::vector<DetectorScores> all;
    for (const auto score :
         {score_norm,          score_median_cosine,  score_sign_agreement, score_own_drift,  score_global_drift,
          score_krum,          score_duplicates,     score_recycled,       score_outliers,   score_spectral,
          score_reference,     score_temporal_sign,  score_model_pull,     score_kurtosis,   score_quiet_energy,
          score_layer_profile, score_output_profile, score_output_lean,    score_head_share, score_head_cosine,
          score_progress})
        all.push_back(score(view));
    for (DetectorScores& scores : history.score(view)) all.push_back(std::move(scores));
    for (DetectorScores& scores : history.score_beside(view, declared)) all.push_back(std::move(scores));
    return all;
}

double round_suspicion(const std::vector<DetectorScores>& scores)
{
    if (scores.empty()) return std::numeric_limits<double>::quiet_NaN();
    std::map<model::ClientId, double> evidence_of;
    for (const DetectorScores& detector : scores) {
        const DetectorInfo* info = find_detector(detector.detector);
        if (info && !info->judged) continue;
        for (std::size_t client_idx = 0; client_idx < detector.clients.size() && client_idx < detector.evidence.size();
             ++client_idx)
            if (detector.evidence[client_idx] > 0)  // not a NaN either
                evidence_of[detector.clients[client_idx]] += detector.evidence[client_idx];
    }
    double highest = 0;
    for (const auto& [client, evidence] : evidence_of) highest = std::max(highest, evidence);
    return highest;
}

}  // namespace fedsleuth::analysis
