// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/detection/detector.h"

#include "analysis/detection/probe_scores.h"
#include "analysis/detection/robust.h"
#include "model/text.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace fedsleuth::analysis {

namespace {

constexpr std::array<DetectorInfo, 28> all_detectors{{
    {"norm", "Update length", "length", "L2 norm",
     "The length of the update against the round's median length (compared on a log scale). Long: boosted to survive "
     "the average. Short: hidden within the crowd, or nothing was trained.",
     "model replacement, scaling, free riders", "Sun et al. 2019 (norm bounding)", true},
    {"cosine-median", "Direction against the crowd", "direction", "cosine",
     "The cosine between the update and the coordinate-wise median of the round's updates. Low or negative: it pulls "
     "elsewhere. Unusually high: it was made from the crowd.",
     "sign flip, label flip, free riders; high: collusion", "Yin et al. 2018 (median as centre); MUD-HoG 2022", true},
    {"sign-agreement", "Sign agreement", "direction", "share of coordinates",
     "The share of coordinates whose sign is that of the coordinate-wise median. Near 0.5 it is unrelated to the "
     "crowd, below it opposes the crowd, near 1 it is a copy of the crowd's centre.",
     "sign flip, noise; high: collusion", "Xu et al. 2022 (SignGuard)", true},
    {"drift-own", "Drift from its own past", "time", "cosine",
     "The cosine between the update and the same client's previous one. A drop says that the client changed what it "
     "does; values near 0 in every round say that it never trained.",
     "late onset, takeover, free riders", "MUD-HoG 2022 (short history of gradients)", true},
    {"drift-global", "Following the global model", "direction", "cosine",
     "The highest cosine between the update and the last three steps of the global model. Low: it works against the "
     "common progress. High: it follows it more closely than training does.",
     "sign flip, free riders", "Lin et al. 2019 (free riders); Fraboni et al. 2021", true},
    {"krum-distance", "Krum distance", "length", "L2 distance",
     "The root mean square distance to the nearest n − f − 2 other updates, f being a fifth of the clients. High: "
     "apart from the crowd. Low: crowded together with its like.",
     "scaling, noise, label flip; low: collusion", "Blanchard et al. 2017 (Krum)", true},
    {"duplicate", "Near-duplicate", "likeness", "cosine of residuals",
     "The highest cosine between this update and any other one of the round after the crowd's median was taken away "
     "from both. Honest residuals are nearly unrelated; near 1 two clients sent the same thing.",
     "Sybils, collusion (ALIE, IPM, Min-Max), mimic", "Fung et al. 2018 (FoolsGold)", false},
    {"recycled", "Recycled update", "time", "cosine",
     "The highest cosine with any of the last ten global steps or the client's own previous update. At 0.98 and above, "
     "far from the crowd, it was copied from what was already known.",
     "free riders (delta weights), stale replays", "Lin et al. 2019 (free riders)", false},
    {"hdbscan-outlier", "Density outlier", "direction", "GLOSH score",
     "HDBSCAN's outlier score on the cosine distances of the round: 0 deep inside a cluster, 1 far from any.",
     "any update that stands alone", "Campello et al. 2015 (GLOSH); FLAME (Nguyen et al. 2022)", false},
    {"spectral", "Principal direction", "direction", "L2 length",
     "How far the update lies along the direction in which the round's updates differ most. A few far out on one side: "
     "they pull together to where nobody else goes.",
     "coordinated shifts: label flip, backdoor, Min-Max", "Shejwalkar & Houmansadr 2021 (DnC)", true},
    {"reference-cosine", "Against the server's own update", "direction", "cosine",
     "The cosine between the update and the one that the server trained on its own clean data. Low or negative: it "
     "does "
     "not do what clean data would.",
     "label flip, sign flip, noise", "Cao et al. 2021 (FLTrust)", true},
    {"temporal-sign", "Steady signs", "time", "share of coordinates",
     "The share of coordinates whose sign is that of the same client's previous update. Unusually high: it pushes one "
     "fixed way, round after round. Near 0.5: noise.",
     "PoisonedFL, drift; low: noise", "Xie et al. 2025 (PoisonedFL)", true},
    {"model-pull", "Growing or shrinking the model", "direction", "cosine",
     "The cosine between the update and the model that the round began from. Negative: it shrinks the weights, as "
     "training on wrong labels does; positive: it makes the model more certain.",
     "label noise, scaling, free riders", "own; compare MESAS 2023 (metrics against the global model)", true},
    {"kurtosis", "Shape of the values", "shape", "kurtosis",
     "The fourth moment of the update's values over the squared second: 3 for normal noise, high where few coordinates "
     "carry most of the change.",
     "noise; high: edge cases, sparse backdoors", "MESAS 2023; LASA 2025", true},
    {"quiet-energy", "Energy in quiet coordinates", "shape", "share of |D|²",
     "The share of the update's energy that lies in the half of the coordinates where the crowd's median moves least. "
     "High: it writes where nobody else does.",
     "Neurotoxin, backdoors, noise", "Zhang et al. 2022 (Neurotoxin)", true},
    {"layer-profile", "Spread over the layers", "shape", "robust z, r.m.s.",
     "How the update's energy divides among the layers, against the crowd: the root mean square of the layers' robust "
     "z-scores.",
     "backdoors, head-only attacks, noise", "FLTracer 2024; LASA 2025 (per-layer z)", false},
    {"output-profile", "Spread over the outputs", "last layer", "robust z, r.m.s.",
     "How the last layer's change divides among its outputs (the classes of a classifier), against the crowd.",
     "label flip, backdoors", "DeepSight 2022 (NEUPs); LFighter 2022", false},
    {"output-lean", "Lean of the outputs", "last layer", "robust z, r.m.s.",
     "Which outputs the update makes likelier and which less likely (the last bias, or the sums of the last weights), "
     "against the crowd.",
     "label flip, backdoors", "LFighter 2022; Tolpegin et al. 2020", false},
    {"head-share", "Share of the last layer", "last layer", "share of |D|²",
     "The share of the update's energy that lies in the weights which lead to the outputs.",
     "label flip, backdoors; low: drift in the features", "DeepSight 2022", true},
    {"head-cosine", "Direction of the last layer", "last layer", "cosine",
     "The cosine with the crowd's median in the weights which lead to the outputs alone.", "label flip, sign flip",
     "LFighter 2022", true},
    {"progress", "Length along the crowd", "length", "share of |m|",
     "How far the update goes in the direction of the crowd's median m, in lengths of m: near 1 for everybody. Several "
     "times that: an update made longer than training gives. Near 0: it does not take part. Negative: it works against "
     "the crowd.",
     "scaling, model replacement; low: free riders, noise, sign flip", "own; the projection behind FLTrust 2021", true},
    {"company", "Company over rounds", "likeness", "cosine of residuals",
     "The mean of the two highest likenesses with other clients of what sets its updates apart from the crowd, "
     "averaged "
     "over the last rounds. Chance likenesses average out; a common purpose stays.",
     "backdoors, label flip, Sybils, collusion", "Fung et al. 2018 (FoolsGold)", false},
    {"head-company", "Company in the last layer", "likeness", "cosine of residuals",
     "The same in the weights which lead to the outputs alone.", "backdoors, label flip", "LFighter 2022", false},
    {"residual-memory", "Steady purpose", "time", "cosine of residuals",
     "The cosine between what set this update apart from the crowd and what set the client's previous one apart. High: "
     "the same private purpose in both rounds. Unusual data do that too, but from the first round on.",
     "backdoors, drift, PoisonedFL", "MUD-HoG 2022 (long history)", true},
    {"prediction-miss", "Missed prediction", "time", "median miss",
     "How far the update lay from what its previous one and the curvature of the last rounds predict, against the "
     "median client's miss, averaged over its last ten rounds. High: it does not follow its own training. Says nothing "
     "of a client that sat out the round before.",
     "noise, scaling, boosted backdoors", "Zhang et al. 2022 (FLDetector)", false, false},
    {"frequency", "Slow and fast coordinates", "shape", "difference of cosines",
     "The cosine with the slow half of the crowd's median (the lower half of its cosine transform along the "
     "coordinates) less that with its fast half. Far from the others': what it shares with the crowd lies on other "
     "scales.",
     "backdoors", "Fereidooni et al. 2024 (FreqFed)", true, false},
    {"declared-examples", "Declared examples", "declared", "examples",
     "How many examples the client says it trained on, against the round's other clients (compared on a log scale). "
     "Under a weighted mean a high number buys weight; nothing proves it.",
     "inflated weight, Sybils", "McMahan et al. 2017 (weights n_i / n)", true, false},
    {"participation", "Participation", "declared", "share of rounds",
     "The share of the rounds so far in which it took part, against the other clients'. Far above: always there where "
     "others are drawn. Far below: there only now and then.",
     "free riders, on-and-off attacks, Sybils", "own; the binomial spread of a random draw", true, false},
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

std::span<const DetectorInfo> judged_detectors()
{
    const auto end = std::find_if(all_detectors.begin(), all_detectors.end(),
                                  [](const DetectorInfo& info) { return !info.judged; });
    return std::span(all_detectors).first(static_cast<std::size_t>(end - all_detectors.begin()));
}

const DetectorInfo* find_detector(std::string_view name)
{
    const auto found = std::find_if(all_detectors.begin(), all_detectors.end(),
                                    [&](const DetectorInfo& info) { return info.name == name; });
    if (found != all_detectors.end()) return &*found;
    for (const DetectorInfo& info : probe_detectors())
        if (info.name == name) return &info;
    return nullptr;
}

std::string detector_title(const std::string& name)
{
    const DetectorInfo* info = find_detector(name);
    return info ? std::string(info->title) : model::visible(name);
}

std::string sentence(const model::DetectorScores& scores, std::size_t client_idx)
{
    using model::short_number;
    const std::string where = "In round " + std::to_string(scores.round.value()) + ", ";
    const double value = scores.statistic[client_idx];
    const double z = scores.z[client_idx];
    if (std::isnan(value) || std::isnan(z)) return where + "this detector had nothing to compare the update with.";
    const std::string detail = client_idx < scores.detail.size() ? model::visible(scores.detail[client_idx]) : "";
    const std::string tail = " (robust z " + short_number(z) + ", " + place(scores, client_idx) + ").";
    const std::string crowd = short_number(scores.location);

    if (const std::string seen = probe_sentence(scores, client_idx); !seen.empty()) return where + seen + tail;
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
    if (scores.detector == "company" || scores.detector == "head-company")
        return where + "what set its updates " + (scores.detector == "company" ? "" : "of the last layer ") +
               "apart from the crowd had, over the last rounds, a mean cosine of " + short_number(value, 4) +
               " with that of the two clients most like it" + (detail.empty() ? "" : ", first of them " + detail) +
               "; the median client has " + crowd + tail;
    if (scores.detector == "residual-memory")
        return where + "what set its update apart from the crowd had a cosine of " + short_number(value) +
               " with what had set its previous one apart; the median client has " + crowd + tail;
    if (scores.detector == "spectral")
        return where + "its update lay at " + short_number(value) +
               " along the direction in which the updates differ most; the median client lies at " + crowd + tail;
    if (scores.detector == "reference-cosine")
        return where + "its update had a cosine of " + short_number(value) +
               " with the server's own; the median client has " + crowd + tail;
    if (scores.detector == "temporal-sign")
        return where + short_number(100 * value) +
               " % of its coordinates had the sign that they had in its previous update; the median client has " +
               short_number(100 * scores.location) + " %" + tail;
    if (scores.detector == "model-pull")
        return where + "its update had a cosine of " + short_number(value) +
               " with the model that the round began from; the median client has " + crowd + tail;
    if (scores.detector == "kurtosis")
        return where + "the values of its update had a kurtosis of " + short_number(value) +
               "; the median client has " + crowd + tail;
    if (scores.detector == "quiet-energy" || scores.detector == "head-share")
        return where + short_number(100 * value) + " % of its update's energy lay in " +
               (scores.detector == "head-share" ? "the weights that lead to the outputs"
                                                : "the half of the coordinates that the crowd moves least") +
               "; the median client has " + short_number(100 * scores.location) + " %" + tail;
    if (scores.detector == "layer-profile")
        return where + "its update divided among the layers otherwise than the crowd's, most of all in " + detail +
               ": r.m.s. robust z " + short_number(value) + " against " + crowd + tail;
    if (scores.detector == "output-profile" || scores.detector == "output-lean")
        return where + (scores.detector == "output-lean" ? "it leaned" : "the change of its last layer divided") +
               " otherwise than the crowd's, most of all at output " + detail + ": r.m.s. robust z " +
               short_number(value) + " against " + crowd + tail;
    if (scores.detector == "prediction-miss")
        return where + "its updates of the last rounds lay " + short_number(value) +
               " times as far from what its own past predicts as the median client's do; the median of these means is " +
               crowd + tail;
    if (scores.detector == "frequency")
        return where + "its cosine with the slow half of the crowd's median was " + short_number(value) +
               " above that with the fast half; the median client's " + crowd + tail;
    if (scores.detector == "declared-examples")
        return where + "it declared " + short_number(value) + " examples" +
               (detail.empty() ? "" : " (" + detail + " the time before)") + "; the median client declared " + crowd +
               tail;
    if (scores.detector == "participation")
        return where + "it had taken part in " + short_number(100 * value) +
               " % of the rounds so far; the median client of the round in " + short_number(100 * scores.location) +
               " %" + tail;
    if (scores.detector == "progress")
        return where + "its update went " + short_number(value) +
               " times as far in the crowd's direction as the crowd's median; the median client goes " + crowd +
               " times as far" + tail;
    if (scores.detector == "head-cosine")
        return where + "its last layer had a cosine of " + short_number(value) +
               " with the crowd's median; the median client has " + crowd + tail;
    return where + "its density outlier score was " + short_number(value) + "; the median client has " + crowd + tail;
}

}  // namespace fedsleuth::analysis
