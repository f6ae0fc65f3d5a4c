// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/verdict/judgement.h"

#include "analysis/detection/detector.h"
#include "analysis/verdict/further_look.h"
#include "analysis/verdict/onset.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <utility>

namespace fedsleuth::analysis {

namespace {

/// The features of a client as they would be if what one detector, or one family, says were that of the ordinary
/// client.
std::vector<double> without(const std::vector<double>& values, const std::vector<double>& ordinary,
                            const std::function<bool(std::string_view)>& is_left_out)
{
    std::vector<double> out = values;
    for (std::size_t feature = 0; feature < out.size(); ++feature)
        if (is_left_out(feature_source(feature))) out[feature] = ordinary[feature];
    return out;
}

void sort_by_weight(std::vector<Contribution>& contributions)
{
    std::stable_sort(contributions.begin(), contributions.end(),
                     [](const Contribution& a, const Contribution& b) { return a.log_odds > b.log_odds; });
}

void attribute(Judgement& judgement, const std::vector<double>& values, const std::vector<double>& ordinary,
               const Forest& forest)
{
    std::set<std::string_view> families;
    for (const DetectorInfo& detector : judged_detectors()) {
        families.insert(detector.family);
        const double left =
            margin(forest, without(values, ordinary, [&](auto source) { return source == detector.name; }));
        judgement.detectors.push_back({std::string(detector.name), judgement.suspicion - left});
    }
    for (const std::string_view family : families) {
        const double left = margin(forest, without(values, ordinary, [&](auto source) {
                                       return !source.empty() && evidence_family(source) == family;
                                   }));
        judgement.families.push_back({std::string(family), judgement.suspicion - left});
    }
    sort_by_weight(judgement.detectors);
    sort_by_weight(judgement.families);
}

constexpr double likely_attacker = 0.3;  ///< probability from which on clients are read together

/// Log likelihood ratios of each client's rounds. Those of likely attackers are read together, for most federations
/// have one attacker with many hands: a quarter of a client's own, and what the likely attackers of the round come to
/// on average.
std::vector<std::vector<double>> round_ratios(const std::vector<ClientFeatures>& clients,
                                              const std::vector<Judgement>& judgements, const Forest& forest)
{
    std::vector<std::vector<double>> ratios;
    std::map<model::RoundNo, std::pair<double, double>> together;  // sum and count
    for (std::size_t idx = 0; idx < clients.size(); ++idx) {
        std::vector<double>& own = ratios.emplace_back();
        for (const std::vector<double>& row : clients[idx].round_values)
            own.push_back(margin(forest, row) - forest.base);
        if (judgements[idx].probability < likely_attacker) continue;
        for (std::size_t place = 0; place < own.size(); ++place) {
            auto& [sum, count] = together[clients[idx].rounds[place]];
            sum += own[place];
            ++count;
        }
    }
    for (std::size_t idx = 0; idx < clients.size(); ++idx) {
        if (judgements[idx].probability < likely_attacker) continue;
        for (std::size_t place = 0; place < ratios[idx].size(); ++place) {
            const auto& [sum, count] = together.at(clients[idx].rounds[place]);
            ratios[idx][place] = ratios[idx][place] / 4 + sum / count;
        }
    }
    return ratios;
}

void find_rounds(Judgement& judgement, const ClientFeatures& client, const std::vector<double>& ratios)
{
    const AttackTimes times = attack_times(ratios);
    judgement.rounds = client.rounds;
    judgement.round_probability = times.probability;
    for (const std::size_t place : times.attacked) judgement.bad_rounds.push_back(client.rounds[place]);
    if (judgement.bad_rounds.empty() && !ratios.empty())
        judgement.bad_rounds.push_back(
            client.rounds[static_cast<std::size_t>(std::max_element(ratios.begin(), ratios.end()) - ratios.begin())]);
}

void find_kind(Judgement& judgement, const std::vector<double>& values, std::span<const KindForest> kinds)
{
    for (const KindForest& kind : kinds)
        judgement.kinds.emplace_back(kind.attack, logistic(margin(kind.forest, values)));
    std::stable_sort(judgement.kinds.begin(), judgement.kinds.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
}

}  // namespace

std::string_view evidence_family(std::string_view detector)
{
    const DetectorInfo* info = find_detector(detector);
    return info ? info->family : "other";
}

std::vector<bool> benjamini_hochberg(const std::vector<double>& p_values, double q)
{
    std::vector<double> sorted;
    for (const double p : p_values)
        if (!std::isnan(p)) sorted.push_back(p);
    std::sort(sorted.begin(), sorted.end());
    double highest = -1;
    for (std::size_t rank = 0; rank < sorted.size(); ++rank)
        if (sorted[rank] <= q * static_cast<double>(rank + 1) / static_cast<double>(sorted.size()))
            highest = sorted[rank];
    std::vector<bool> rejected;
    for (const double p : p_values) rejected.push_back(p <= highest);
    return rejected;
}

std::vector<Judgement> judge(const Evidence& evidence, const Judges& judges)
{
    std::vector<ClientFeatures> clients = client_features(evidence);
    std::vector<double> suspicions;
    for (const ClientFeatures& client : clients) suspicions.push_back(margin(judges.first, client.values));
    std::vector<double> log_odds = suspicions;
    const Surroundings surroundings = surroundings_of(evidence, clients);
    for (const Forest& look : judges.looks) {
        const std::vector<std::vector<double>> rows = further_look(surroundings, log_odds);
        for (std::size_t idx = 0; idx < rows.size(); ++idx) log_odds[idx] = margin(look, rows[idx]);
    }
    const std::vector<double> ordinary = ordinary_client(clients);

    std::vector<Judgement> all;
    for (std::size_t idx = 0; idx < clients.size(); ++idx) {
        Judgement judgement;
        judgement.client = clients[idx].client;
        judgement.suspicion = suspicions[idx];
        judgement.log_odds = log_odds[idx];
        judgement.probability = logistic(judges.slope * judgement.log_odds + judges.offset);
        judgement.p_value = p_value(judges.library, static_cast<double>(clients.size()), judgement.log_odds);
        find_kind(judgement, clients[idx].values, judges.kinds);
        attribute(judgement, clients[idx].values, ordinary, judges.first);
        all.push_back(std::move(judgement));
    }
    const std::vector<std::vector<double>> ratios = round_ratios(clients, all, judges.round);
    for (std::size_t idx = 0; idx < all.size(); ++idx) {
        find_rounds(all[idx], clients[idx], ratios[idx]);
        all[idx].values = std::move(clients[idx].values);
    }
    return all;
}

}  // namespace fedsleuth::analysis
