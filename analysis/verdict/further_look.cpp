// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/verdict/second_look.h"

#include "analysis/detection/robust.h"
#include "analysis/verdict/forest.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace fedsleuth::analysis {

namespace {

constexpr std::size_t companions = 3;
constexpr double spread_floor = 0.5;  // log-odds
constexpr double most = 12;

struct Companion {
    double likeness = 0;
    double suspicion = 0;
};

/// The closest others over the whole time, most alike first.
std::vector<Companion> closest(const Company& company, const std::vector<std::optional<std::size_t>>& places,
                               const std::vector<double>& suspicions, std::size_t idx)
{
    std::vector<Companion> all;
    if (!places[idx] || company.size() == 0) return all;
    for (std::size_t other = 0; other < places.size(); ++other)
        if (other != idx && places[other])
            all.push_back({company.overall(*places[idx], *places[other]), suspicions[other]});
    const std::size_t count = std::min(companions, all.size());
    std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count), all.end(),
                      [](const Companion& a, const Companion& b) { return a.likeness > b.likeness; });
    all.resize(count);
    return all;
}

}  // namespace

const std::vector<std::string>& second_feature_names()
{
    static const std::vector<std::string> names{
        "suspicion",         "above.middle",    "spreads.above.middle", "rank",
        "gap.below",         "suspected.share", "suspected.count",      "second.highest",
        "closest.suspicion", "closest.three",   "closest.likeness",     "head.closest.three",
        "clients",           "rounds.attended", "participation",        "examples",
        "crowd.cosine",      "crowd.memory",    "crowd.sign",           "crowd.spread",
        "crowd.follows"};
    return names;
}

std::vector<std::vector<double>> second_look(const Evidence& evidence, const std::vector<ClientFeatures>& clients,
                                             const std::vector<double>& suspicions)
{
    const std::size_t n = clients.size();
    std::vector<std::optional<std::size_t>> places;
    for (const ClientFeatures& client : clients) {
        const auto place = evidence.history.places().find(client.client);
        places.push_back(place == evidence.history.places().end() ? std::nullopt : std::optional(place->second));
    }
    // The lower half is honest while attackers are a minority: middle and spread are taken from it.
    const double middle = quantile_of(suspicions, 0.4);
    const double spread = std::max(middle - quantile_of(suspicions, 0.1), spread_floor);
    std::vector<double> sorted = suspicions;
    std::sort(sorted.begin(), sorted.end());
    double suspected = 0;
    for (const double suspicion : suspicions) suspected += logistic(suspicion);

    std::vector<std::vector<double>> rows;
    for (std::size_t idx = 0; idx < n; ++idx) {
        const double own = suspicions[idx];
        const auto below = std::lower_bound(sorted.begin(), sorted.end(), own);
        const auto rank = static_cast<double>(sorted.end() - below - 1);
        const double gap = below == sorted.begin() ? 0.0 : own - *(below - 1);
        const std::vector<Companion> near = closest(evidence.history.company(), places, suspicions, idx);
        const std::vector<Companion> head = closest(evidence.history.head_company(), places, suspicions, idx);
        const auto mean = [&](const std::vector<Companion>& of) {
            double sum = 0;
            for (const Companion& companion : of) sum += companion.suspicion;
            return of.empty() ? middle : sum / static_cast<double>(of.size());
        };
        std::vector<double> row{own,
                                own - middle,
                                std::clamp((own - middle) / spread, -most, most),
                                rank / static_cast<double>(n),
                                gap,
                                suspected / static_cast<double>(n),
                                suspected,
                                n > 1 ? (own >= sorted.back() ? sorted[n - 2] : sorted.back()) : 0.0,
                                near.empty() ? middle : near.front().suspicion,
                                mean(near),
                                near.empty() ? 0.0 : near.front().likeness,
                                mean(head)};
        // What kind of federation: the last of the first judge's features, without the number of all rounds.
        const std::vector<double>& values = clients[idx].values;
        for (const std::size_t from_end : {10u, 9u, 7u, 6u, 5u, 4u, 3u, 2u, 1u})
            row.push_back(values[values.size() - from_end]);
        rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace fedsleuth::analysis
