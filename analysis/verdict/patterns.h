// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/detector_scores.h"
#include "model/round_ledger.h"

#include <array>
#include <string_view>
#include <utility>
#include <vector>

namespace fedsleuth::analysis {

/// What an attack looks like from outside. Each pattern asks for an effect of a certain size *and* for distance from
/// the round's crowd: honest clients with unusual data are outliers of some detector in every round, but they don't
/// oppose the crowd, repeat each other or send directions without any past.
enum class Pattern {
    boosted,    ///< far longer than the crowd's updates
    opposed,    ///< points against the crowd
    lockstep,   ///< the same residual as another client
    untrained,  ///< no direction in common with the crowd, the global model or its own past
    recycled,   ///< a copy of what was known already
};
inline constexpr std::size_t pattern_count = 5;

/// One client in one round, as the patterns see it. Cosines that don't exist are NaN.
struct ClientRound {
    model::RoundNo round;
    std::array<double, pattern_count> evidence{};  ///< 0 where the pattern is not there
    bool weakly_untrained = false;                 ///< as `untrained`, where its own past can't be asked
    bool weakly_opposed = false;                   ///< as `opposed`, on its way there
    double length_ratio = 1;                       ///< to the median length
    double median_cosine = 0;
    double median_cosine_z = 0;
    double sign_agreement = 0.5;
    double crowd_sign_agreement = 0.5;
    double own_z = 0;  ///< of drift-own; NaN where it has no past
};

struct RoundPatterns {
    model::RoundNo round;
    std::vector<model::ClientId> clients;
    std::vector<ClientRound> seen;                              ///< n
    std::vector<std::pair<std::size_t, std::size_t>> lockstep;  ///< pairs of clients with the same residual
};

/// The patterns of one round, from its ledger and its detectors' scores (score_round's). Empty for an empty `scores`.
[[nodiscard]] RoundPatterns patterns_of(const model::RoundLedger& ledger,
                                        const std::vector<model::DetectorScores>& scores);

}  // namespace fedsleuth::analysis
