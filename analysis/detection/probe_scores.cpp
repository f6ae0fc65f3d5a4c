// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/detection/probe_scores.h"

#include "analysis/detection/robust.h"
#include "model/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace fedsleuth::analysis {

using model::DetectorScores;

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

constexpr std::array<DetectorInfo, 4> all_probe_detectors{{
    {"probe-loss", "Loss on the probe set", "probe", "nats",
     "How much the client's update, added to the model that the round began from, raises the mean cross entropy on the "
     "probe set. High: it unlearns what clean data teach.",
     "label flip, sign flip, noise", "Xie et al. 2019 (Zeno); Cao et al. 2021 (FLTrust)", false},
    {"probe-confusion", "Confusion of two classes", "probe", "logits",
     "How much the update moves inputs of one class of the probe set towards another class, beyond what it does to all "
     "other inputs, at the pair of classes at which it stands out most.",
     "label flip", "Tolpegin et al. 2020; Jebreel & Domingo-Ferrer 2023 (LFighter)", false},
    {"noise-response", "Answers to noise", "probe", "r.m.s. robust z",
     "How otherwise than the crowd's the update changes the answers to inputs without structure (the probe set's, "
     "shuffled), over all classes.",
     "backdoors, free riders, collusion", "Rieger et al. 2022 (DeepSight, DDif)", false},
    {"input-trace", "Trace of the misclassified input", "probe", "log-odds",
     "How much the update raises the log-odds of the wrong answer on the misclassified input, beyond what it does to "
     "unrelated inputs. High: the update teaches that answer.",
     "backdoors, targeted label flip", "Jia et al. 2025 (FLForensics)", false},
}};

DetectorScores scored(const ProbeRound& round, std::string_view name, std::vector<double> statistic, double floor)
{
    DetectorScores scores;
    scores.round = round.round;
    scores.detector = name;
    scores.clients = round.clients;
    const Crowd crowd = crowd_of(statistic, floor);
    scores.z = robust_z(statistic, crowd);
    scores.location = median_of(statistic);
    scores.scale = crowd.scale;
    scores.statistic = std::move(statistic);
    for (const double z : scores.z) scores.evidence.push_back(z > 0 ? evidence_of(z) : 0.0);
    return scores;
}

DetectorScores confusion(const ProbeRound& round, const std::vector<std::int32_t>& classes)
{
    const std::size_t n = round.clients.size(), k = classes.size(), pairs = k * k;
    std::vector<double> middle(pairs, 0.0), column(n), highest(n, nan);
    std::vector<std::string> detail(n);
    for (std::size_t pair = 0; pair < pairs; ++pair) {
        for (std::size_t idx = 0; idx < n; ++idx) column[idx] = round.confusion[idx * pairs + pair];
        middle[pair] = median_of(column);
    }
    for (std::size_t idx = 0; idx < n; ++idx)
        for (std::size_t pair = 0; pair < pairs; ++pair) {
            if (pair / k == pair % k) continue;
            const double beyond = round.confusion[idx * pairs + pair] - middle[pair];
            if (std::isnan(beyond) || beyond <= highest[idx]) continue;
            highest[idx] = beyond;
            detail[idx] =
                "class " + std::to_string(classes[pair / k]) + " towards class " + std::to_string(classes[pair % k]);
        }
    DetectorScores scores = scored(round, "probe-confusion", std::move(highest), 0.05);
    scores.detail = std::move(detail);
    return scores;
}

DetectorScores noise_response(const ProbeRound& round)
{
    const std::size_t n = round.clients.size(), classes = round.noise.size() / std::max<std::size_t>(1, n);
    constexpr double widest = 10;
    std::vector<double> squares(n, 0.0), column(n);
    for (std::size_t c = 0; c < classes; ++c) {
        for (std::size_t idx = 0; idx < n; ++idx) column[idx] = round.noise[idx * classes + c];
        const std::vector<double> z = robust_z(column, crowd_of(column, 0.02));
        for (std::size_t idx = 0; idx < n; ++idx) squares[idx] += std::pow(std::clamp(z[idx], -widest, widest), 2);
    }
    for (double& square : squares) square = std::sqrt(square / static_cast<double>(std::max<std::size_t>(1, classes)));
    return scored(round, "noise-response", std::move(squares), 0.2);
}

}  // namespace

std::span<const DetectorInfo> probe_detectors() { return all_probe_detectors; }

std::vector<DetectorScores> probe_scores(const ProbeRound& round, const std::vector<std::int32_t>& classes)
{
    std::vector<DetectorScores> all;
    if (!round.loss.empty()) {
        all.push_back(scored(round, "probe-loss", round.loss, 0.01));
        if (classes.size() > 1) all.push_back(confusion(round, classes));
        all.push_back(noise_response(round));
    }
    if (!round.trace.rise.empty()) {
        std::vector<double> beyond;
        for (std::size_t idx = 0; idx < round.trace.rise.size(); ++idx) beyond.push_back(round.trace.excess(idx));
        all.push_back(scored(round, "input-trace", std::move(beyond), 0.05));
    }
    return all;
}

std::string probe_sentence(const DetectorScores& scores, std::size_t client_idx)
{
    using model::short_number;
    const std::string value = short_number(scores.statistic[client_idx]), crowd = short_number(scores.location);
    if (scores.detector == "probe-loss")
        return "its update changed the mean cross entropy on the probe set by " + value +
               " nats; the median client's by " + crowd;
    if (scores.detector == "probe-confusion")
        return "its update moved " +
               (client_idx < scores.detail.size() ? scores.detail[client_idx]
                                                  : std::string("one class towards another")) +
               " by " + value + " logits more than the median update; the median client's most moved pair by " + crowd;
    if (scores.detector == "noise-response")
        return "its update changed the answers to noise otherwise than the crowd's: r.m.s. robust z " + value +
               " against " + crowd;
    if (scores.detector == "input-trace")
        return "its update raised the log-odds of the wrong answer on the misclassified input by " + value +
               " beyond unrelated inputs; the median client's by " + crowd;
    return {};
}

}  // namespace fedsleuth::analysis
