// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/detection/detector.h"

#include "analysis/detection/robust.h"
#include "model/text.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace fedsleuth::analysis {

namespace {

constexpr std::array<DetectorInfo, 9> all_detectors{{
    {"norm", "Update length", "L2 norm",
     "The length of the update against the round's median length (compared on a log scale). Long: boosted to survive "
     "the average. Short: hidden within the crowd, or nothing was trained.",
     "model replacement, scaling, free riders", "Sun et al. 2019 (norm bounding)", true},
    {"cosine-median", "Direction against the crowd", "cosine",
     "The cosine between the update and the coordinate-wise median of the round's updates. Low or negative: it pulls "
     "elsewhere. Unusually high: it was made from the crowd.",
     "sign flip, label flip, free riders; high: collusion", "Yin et al. 2018 (median as centre); MUD-HoG 2022", true},
    {"sign-agreement", "Sign agreement", "share of coordinates",
     "The share of coordinates whose sign is that of the coordinate-wise median. Near 0.5 it is unrelated to the "
     "crowd, below it opposes the crowd, near 1 it is a copy of the crowd's centre.",
     "sign flip, noise; high: collusion", "Xu et al. 2022 (SignGuard)", true},
    {"drift-own", "Drift from its own past", "cosine",
     "The cosine between the update and the same client's previous one. A drop says that the client changed what it "
     "does; values near 0 in every round say that it never trained.",
     "late onset, takeover, free riders", "MUD-HoG 2022 (short history of gradients)", true},
    {"drift-global", "Following the global model", "cosine",
     "The highest cosine between the update and the last three steps of the global model. Low: it works against the "
     "common progress. High: it follows it more closely than training does.",
     "sign flip, free riders", "Lin et al. 2019 (free riders); Fraboni et al. 2021", true},
    {"krum-distance", "Krum distance", "L2 distance",
     "The root mean square distance to the nearest n − f − 2 other updates, f being a fifth of the clients. High: "
     "apart from the crowd. Low: crowded together with its like.",
     "scaling, noise, label flip; low: collusion", "Blanchard et al. 2017 (Krum)", true},
    {"duplicate", "Near-duplicate", "cosine of residuals",
     "The highest cosine between this update and any other one of the round after the crowd's median was taken away "
     "from both. Honest residuals are nearly unrelated; near 1 two clients sent the same thing.",
     "Sybils, collusion (ALIE, IPM, Min-Max), mimic", "Fung et al. 2018 (FoolsGold)", false},
    {"recycled", "Recycled update", "cosine",
     "The highest cosine with any of the last ten global steps or the client's own previous update. At 0.98 and above, "
     "far from the crowd, it was copied from what was already known.",
     "free riders (delta weights), stale replays", "Lin et al. 2019 (free riders)", false},
    {"hdbscan-outlier", "Density outlier", "GLOSH score",
     "HDBSCAN's outlier score on the cosine distances of the round: 0 deep inside a cluster, 1 far from any.",
     "any update that stands alone", "Campello et al. 2015 (GLOSH); FLAME (Nguyen et al. 2022)", false},
}};

std::string place(const model::DetectorScores& scores, std::size_t client_idx)
{
    // The rank counts from the side on which this client lies.
    const double own = scores.z[client_idx];
    std::size_t beyond = 0, counted = 0;
    for (const double z : scores.z) {
        if (std::isnan(z)) continue;
        ++counted;
        beyond += own >= 0 ? z > own : z < own;
    }
    return (own >= 0 ? "rank " : "rank from below ") + std::to_string(beyond + 1) + " of " + std::to_string(counted);
}

}  // namespace

std::span<const DetectorInfo> detectors() { return all_detectors; }

const DetectorInfo* find_detector(std::string_view name)
{
    const auto found = std::find_if(all_detectors.begin(), all_detectors.end(),
                                    [&](const DetectorInfo& info) { return info.name == name; });
    return found == all_detectors.end() ? nullptr : &*found;
}

std::string sentence(const model::DetectorScores& scores, std::size_t client_idx)
{
    using model::short_number;
    const std::string where = "In round " + std::to_string(scores.round.value()) + " ";
    const double value = scores.statistic[client_idx];
    const double z = scores.z[client_idx];
    if (std::isnan(value) || std::isnan(z)) return where + "this detector had nothing to compare the update with.";
    const std::string detail = client_idx < scores.detail.size() ? model::visible(scores.detail[client_idx]) : "";
    const std::string tail = " (robust z " + short_number(z) + ", " + place(scores, client_idx) + ").";
    const std::string crowd = short_number(scores.location);

    if (scores.detector == "norm") {
        const double ratio = scores.location > 0 ? value / scores.location : 0;
        return where + "its update was " + short_number(ratio) + " times as long as the median update, L2 norm " +
               short_number(value) + " against " + crowd + tail;
    }
    if (scores.detector == "cosine-median")
        return where + "its direction had a cosine of " + short_number(value) +
               " with the crowd's median update; the median client has " + crowd + tail;
    if (scores.detector == "sign-agreement")
        return where + short_number(100 * value) +
               " % of its coordinates had the crowd's sign; the median client has " +
               short_number(100 * scores.location) + " %" + tail;
    if (scores.detector == "drift-own")
        return where + "its update had a cosine of " + short_number(value) +
               " with its own previous one; the median client has " + crowd + tail;
    if (scores.detector == "drift-global")
        return where + "its update had a cosine of at most " + short_number(value) +
               " with the last global steps; the median client has " + crowd + tail;
    if (scores.detector == "krum-distance")
        return where + "its distance to its nearest neighbours was " + short_number(value) +
               "; the median client has " + crowd + tail;
    if (scores.detector == "duplicate")
        return where + "what sets its update apart from the crowd had a cosine of " + short_number(value, 4) +
               " with that of " + (detail.empty() ? "another client" : detail) + "; the median client's highest is " +
               crowd + tail;
    if (scores.detector == "recycled")
        return where + "its update had a cosine of " + short_number(value, 4) + " with " +
               (detail.empty() ? "an earlier update" : detail) + "; the median client's highest is " + crowd + tail;
    return where + "its density outlier score was " + short_number(value) + "; the median client has " + crowd + tail;
}

}  // namespace fedsleuth::analysis
