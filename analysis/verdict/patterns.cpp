// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/verdict/patterns.h"

#include "analysis/detection/robust.h"
#include "analysis/detection/round_view.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace fedsleuth::analysis {

namespace {

// Effect sizes. Cosines of honest clients scatter between clients and rounds; these are shares of what the median
// client shows in the same round, so they move with the federation's heterogeneity.
constexpr double boosted_ratio = 2.5;  // times the median length
constexpr double boosted_z = 5;
// A client that stumbles on examples which it can't fit sends a few updates of two to four times the median length
// (seen in clean runs with heterogeneous data); lengths from here on don't come from training.
constexpr double beyond_training = 5;
constexpr double far_beyond_training = 10;
constexpr double opposed_share = -0.25;  // of the median client's cosine with the crowd
constexpr double unrelated_share = 0.3;  // of the median client's cosine: below it nothing is shared
constexpr double crowd_direction = 0.1;  // the crowd must have a common direction before anyone can oppose it
constexpr double crowd_memory = 0.3;     // and a memory before anyone can lack one
constexpr double lockstep_cosine = 0.9;
constexpr double exact_cosine = 0.9999;
constexpr double recycled_cosine = 0.98;
constexpr double outlier_z = 3;
constexpr double missing_z = 2;  // enough where another effect at once says the same
constexpr double copy_z = 4;
// A pattern that needs persistence adds at most this much a round; copies to the fourth digit speak for themselves.
constexpr double persistent_cap = 6;
constexpr double exact_evidence = 12;

const model::DetectorScores* find(const std::vector<model::DetectorScores>& scores, std::string_view name)
{
    const auto found =
        std::find_if(scores.begin(), scores.end(), [&](const auto& candidate) { return candidate.detector == name; });
    return found == scores.end() ? nullptr : &*found;
}

/// What a length says by itself, whatever the crowd's spread: nothing up to `beyond_training`, then rising.
double length_bonus(double ratio)
{
    constexpr double most = 4;
    const double share = std::log(ratio / beyond_training) / std::log(far_beyond_training / beyond_training);
    return most * std::clamp(share, 0.0, 1.0);
}

double& at(ClientRound& client, Pattern pattern) { return client.evidence[static_cast<std::size_t>(pattern)]; }

}  // namespace

RoundPatterns patterns_of(const model::RoundLedger& ledger, const std::vector<model::DetectorScores>& scores)
{
    RoundPatterns patterns;
    patterns.round = ledger.round;
    const auto* norm = find(scores, "norm");
    const auto* direction = find(scores, "cosine-median");
    const auto* sign = find(scores, "sign-agreement");
    const auto* own = find(scores, "drift-own");
    const auto* global = find(scores, "drift-global");
    const auto* duplicate = find(scores, "duplicate");
    const auto* recycled = find(scores, "recycled");
    if (!norm || !direction || !sign || !own || !global || !duplicate || !recycled) return patterns;

    patterns.clients = ledger.clients;
    const double ninth_recycled = quantile_of(recycled->statistic, 0.9);
    for (std::size_t client_idx = 0; client_idx < ledger.size(); ++client_idx) {
        ClientRound client;
        client.round = ledger.round;
        client.length_ratio = norm->location > 0 ? norm->statistic[client_idx] / norm->location : 1;
        client.median_cosine = direction->statistic[client_idx];
        client.median_cosine_z = direction->z[client_idx];
        client.sign_agreement = sign->statistic[client_idx];
        client.crowd_sign_agreement = sign->location;
        client.own_z = own->z[client_idx];

        const double global_z = global->z[client_idx];
        if (client.length_ratio >= boosted_ratio && norm->z[client_idx] >= boosted_z) {
            // A long update in the crowd's own direction may be a large data set; a long one that leaves it is not.
            const double astray = std::max({0.0, -client.median_cosine_z, std::isnan(global_z) ? 0.0 : -global_z});
            const double seen = evidence_of(norm->z[client_idx]) + 0.5 * evidence_of(astray);
            at(client, Pattern::boosted) = client.length_ratio < beyond_training
                                               ? std::min(seen, persistent_cap)
                                               : seen + length_bonus(client.length_ratio);
        }

        const bool crowd_has_direction = direction->location >= crowd_direction;
        const bool turned =
            client.median_cosine <= opposed_share * direction->location && client.median_cosine_z <= -outlier_z;
        const bool contradicts =
            client.median_cosine < 0 && client.sign_agreement < 0.5 && sign->z[client_idx] <= -outlier_z;
        if (crowd_has_direction && (turned || contradicts))
            at(client, Pattern::opposed) = std::min(
                std::max(evidence_of(client.median_cosine_z), evidence_of(sign->z[client_idx])), persistent_cap);

        client.weakly_opposed = crowd_has_direction && sign->z[client_idx] <= -missing_z &&
                                client.median_cosine <= unrelated_share * direction->location;

        const double residual = duplicate->statistic[client_idx];
        if (residual >= exact_cosine && duplicate->z[client_idx] >= copy_z)
            at(client, Pattern::lockstep) = exact_evidence;
        else if (residual >= lockstep_cosine && duplicate->z[client_idx] >= copy_z)
            at(client, Pattern::lockstep) = std::min(evidence_of(duplicate->z[client_idx]), persistent_cap);

        const double past = own->statistic[client_idx];
        const double follows = global->statistic[client_idx];
        const bool apart_from_crowd =
            crowd_has_direction && std::abs(client.median_cosine) <= unrelated_share * direction->location;
        const bool model_moves = !std::isnan(follows) && global->location >= crowd_direction;
        const bool apart_from_model = model_moves && follows <= unrelated_share * global->location;
        client.weakly_untrained = apart_from_crowd && (apart_from_model || !model_moves);
        // A crowd's median holds this update too: where few clients send large noise it leans towards them, so the
        // model's own way is asked first.
        if ((apart_from_model || client.weakly_untrained) && own->location >= crowd_memory &&
            std::abs(past) <= unrelated_share * own->location && own->z[client_idx] <= -missing_z) {
            const double other_z = model_moves ? global_z : client.median_cosine_z;
            at(client, Pattern::untrained) =
                std::min(evidence_of(own->z[client_idx]) + evidence_of(std::min(other_z, 0.0)), persistent_cap);
        }

        const double copied = recycled->statistic[client_idx];
        if (copied >= recycled_cosine && recycled->z[client_idx] >= copy_z && ninth_recycled < recycled_cosine - 0.01)
            at(client, Pattern::recycled) = copied >= exact_cosine
                                                ? exact_evidence
                                                : std::min(evidence_of(recycled->z[client_idx]), persistent_cap);
        patterns.seen.push_back(client);
    }

    const std::size_t n = ledger.size();
    const std::vector<double> residuals = RoundView(ledger).residual_cosines;
    for (std::size_t first_idx = 0; first_idx < n; ++first_idx)
        for (std::size_t second_idx = first_idx + 1; second_idx < n; ++second_idx)
            if (residuals[first_idx * n + second_idx] >= lockstep_cosine)
                patterns.lockstep.emplace_back(first_idx, second_idx);
    return patterns;
}

}  // namespace fedsleuth::analysis
