// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/verdict/probe_judgement.h"

#include "analysis/verdict/onset.h"
#include "model/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace fedsleuth::analysis {

namespace {

#include "analysis/verdict/trained/probe_judges.inc"

constexpr double widest_log_odds = 9;
constexpr double probe_share = 0.75;  // of the false alarms that are allowed: the probes' judge knows the others' word
constexpr double known_anyway = 0.5;  // probability without the probes at which its rounds and attack are known
constexpr double worth_naming = 1;    // log-odds that a probe adds before it names rounds and attack
constexpr std::array<std::string_view, 4> targeted{"label-flip", "backdoor", "model-replacement", "drift"};

double log_odds_of(double probability)
{
    const double p = std::clamp(probability, 1e-6, 1 - 1e-6);
    return std::clamp(std::log(p / (1 - p)), -widest_log_odds, widest_log_odds);
}

/// Attack times from the robust z-scores of a client's rounds: each round's log likelihood ratio of a normal around 2
/// against one around 0.
void name_rounds(Judgement& judgement, const ProbeFeatures& features, const std::vector<double>& z)
{
    std::vector<double> ratios;
    for (const double value : z) ratios.push_back(std::isnan(value) ? 0.0 : 2 * std::clamp(value, -3.0, 5.0) - 2);
    const AttackTimes times = attack_times(ratios);
    if (times.attacked.empty()) return;
    judgement.bad_rounds.clear();
    for (const std::size_t place : times.attacked) judgement.bad_rounds.push_back(features.rounds[place]);
}

/// Moves a targeted attack to the front of the likely kinds.
void name_attack(Judgement& judgement, std::string_view attack)
{
    auto& kinds = judgement.kinds;
    if (!kinds.empty() && std::find(targeted.begin(), targeted.end(), kinds.front().first) != targeted.end()) return;
    const double likelihood = std::max(0.5, kinds.empty() ? 0.5 : kinds.front().second);
    std::erase_if(kinds, [&](const auto& kind) { return kind.first == attack; });
    kinds.insert(kinds.begin(), {std::string(attack), likelihood});
}

std::string text_of(const ProbeOpinion& opinion, const ProbeFeatures& features, const ProbeEvidence& evidence)
{
    using model::short_number;
    std::vector<double> own, others;
    for (const ProbeRound& round : evidence.rounds) {
        const auto place = std::find(round.clients.begin(), round.clients.end(), opinion.client);
        if (place == round.clients.end()) continue;
        const auto client_idx = static_cast<std::size_t>(place - round.clients.begin());
        if (opinion.by_trace) {
            own.push_back(round.trace.excess(client_idx));
            for (std::size_t idx = 0; idx < round.trace.rise.size(); ++idx)
                if (idx != client_idx) others.push_back(round.trace.excess(idx));
        }
    }
    const auto mean = [](const std::vector<double>& of) {
        double sum = 0;
        for (const double value : of) sum += std::isnan(value) ? 0 : value;
        return of.empty() ? 0 : sum / static_cast<double>(of.size());
    };
    if (opinion.by_trace)
        return "Its updates raised the log-odds of the wrong answer " + std::to_string(evidence.wrong_answer) +
               " on the misclassified input by " + short_number(mean(own)) +
               " a round beyond what they did to unrelated inputs; those of the other clients by " +
               short_number(mean(others)) + " on average.";
    if (features.pair.first < 0)
        return "Its updates changed the answers on the probe set otherwise than those of the other clients.";
    return "On the probe set its updates moved inputs of class " + std::to_string(features.pair.first) +
           " towards class " + std::to_string(features.pair.second) +
           " more than any other pair of classes: " + short_number(mean(features.confusion_z)) +
           " times the ordinary client's distance from the crowd, on average over its rounds.";
}

}  // namespace

const ProbeJudges& trained_probe_judges() { return probe_judges; }

std::vector<double> probe_judge_row(const Judgement& judgement, std::size_t clients, const ProbeFeatures& features)
{
    std::vector<double> row{log_odds_of(judgement.probability), static_cast<double>(clients),
                            static_cast<double>(features.rounds.size())};
    row.insert(row.end(), features.probe.begin(), features.probe.end());
    row.insert(row.end(), features.trace.begin(), features.trace.end());
    row.insert(row.end(), judgement.values.begin(), judgement.values.end());
    return row;
}

std::vector<ProbeOpinion> weigh_probes(std::vector<Judgement>& judgements, const ProbeEvidence& evidence,
                                       const ProbeJudges& judges)
{
    std::map<model::ClientId, const ProbeFeatures*> features_of;
    const std::vector<ProbeFeatures> all = probe_features(evidence.rounds, evidence.classes);
    for (const ProbeFeatures& features : all) features_of[features.client] = &features;
    std::vector<ProbeOpinion> opinions;
    for (Judgement& judgement : judgements) {
        const auto found = features_of.find(judgement.client);
        if (found == features_of.end()) continue;
        const ProbeFeatures& features = *found->second;
        if (features.probe.empty() && features.trace.empty()) continue;
        const ProbeJudge& judge = features.trace.empty()   ? judges.probe
                                  : features.probe.empty() ? judges.trace
                                                           : judges.both;
        const double log_odds = margin(judge.forest, probe_judge_row(judgement, judgements.size(), features));
        const double probability = logistic(judge.slope * log_odds + judge.offset);
        const double p = p_value(judge.library, static_cast<double>(judgements.size()), log_odds);
        ProbeOpinion opinion;
        opinion.client = judgement.client;
        opinion.before = judgement.probability;
        opinion.log_odds = std::max(0.0, log_odds_of(probability) - log_odds_of(judgement.probability));
        opinion.by_trace = !features.trace.empty();
        judgement.probability = std::max(judgement.probability, probability);
        judgement.p_value = std::min({1.0, p / probe_share, judgement.p_value / (1 - probe_share)});
        if (opinion.log_odds >= worth_naming && opinion.before < known_anyway) {
            name_rounds(judgement, features, opinion.by_trace ? features.trace_z : features.confusion_z);
            name_attack(judgement, opinion.by_trace ? "backdoor" : "label-flip");
            if (!judgement.bad_rounds.empty()) opinion.strongest = judgement.bad_rounds.front();
        }
        opinion.text = text_of(opinion, features, evidence);
        opinions.push_back(std::move(opinion));
    }
    return opinions;
}

}  // namespace fedsleuth::analysis
