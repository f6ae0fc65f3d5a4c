// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/detection/scoring.h"

#include "analysis/detection/robust.h"

#include <algorithm>
#include <cmath>

namespace fedsleuth::analysis {

double cosine_of(double product, double square_a, double square_b)
{
    const double scale = std::sqrt(square_a * square_b);
    return scale > 0 ? std::clamp(product / scale, -1.0, 1.0) : not_applicable;
}

std::vector<double> logs(const std::vector<double>& values)
{
    std::vector<double> out;
    out.reserve(values.size());
    for (const double value : values) out.push_back(std::log(std::max(value, 1e-300)));
    return out;
}

model::DetectorScores scored(const model::RoundLedger& ledger, std::string_view name, std::vector<double> statistic,
                             const std::vector<double>& measured, double floor, Side side)
{
    model::DetectorScores scores;
    scores.round = ledger.round;
    scores.detector = name;
    scores.clients = ledger.clients;
    const Crowd crowd = crowd_of(measured, floor);
    scores.z = robust_z(measured, crowd);
    scores.location = median_of(statistic);
    scores.scale = crowd.scale;
    scores.statistic = std::move(statistic);
    for (const double z : scores.z) {
        const bool counts = side == Side::both || (side == Side::low ? z < 0 : z > 0);
        scores.evidence.push_back(counts ? evidence_of(z) : 0.0);
    }
    return scores;
}

model::DetectorScores scored_cosine(const model::RoundLedger& ledger, std::string_view name,
                                    const std::vector<double>& cosines, Side side)
{
    std::vector<double> measured;
    measured.reserve(cosines.size());
    for (const double value : cosines) measured.push_back(std::isnan(value) ? not_applicable : fisher(value));
    return scored(ledger, name, cosines, measured, 0.05, side);
}

}  // namespace fedsleuth::analysis
