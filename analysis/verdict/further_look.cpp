// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/verdict/further_look.h"

#include "analysis/detection/robust.h"
#include "analysis/verdict/forest.h"
#include "analysis/verdict/series.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace fedsleuth::analysis {

namespace {

constexpr std::size_t companions = 3;
constexpr double spread_floor = 0.5;  // log-odds
constexpr double most = 12;
constexpr double most_of_profile = 4;

struct Companion {
    double likeness = 0;
    double suspicion = 0;
};

/// The closest others, most alike first.
std::vector<Companion> closest(const Likeness& likeness, const std::vector<double>& suspicions, std::size_t idx)
{
    const std::size_t n = suspicions.size();
    std::vector<Companion> all;
    for (std::size_t other = 0; other < n && !likeness.empty(); ++other)
        if (!std::isnan(likeness[idx * n + other])) all.push_back({likeness[idx * n + other], suspicions[other]});
    const std::size_t count = std::min(companions, all.size());
    std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count), all.end(),
                      [](const Companion& a, const Companion& b) { return a.likeness > b.likeness; });
    all.resize(count);
    return all;
}

/// How much more a client is like the suspected than like the rest, each counted by the probability of its suspicion.
double toward_suspected(const Likeness& likeness, const std::vector<double>& probabilities, std::size_t idx)
{
    const std::size_t n = probabilities.size();
    double bad = 0, bad_weight = 0, good = 0, good_weight = 0;
    for (std::size_t other = 0; other < n && !likeness.empty(); ++other) {
        const double value = likeness[idx * n + other];
        if (std::isnan(value)) continue;
        bad += probabilities[other] * value;
        bad_weight += probabilities[other];
        good += (1 - probabilities[other]) * value;
        good_weight += 1 - probabilities[other];
    }
    return bad_weight > 0 && good_weight > 0 ? bad / bad_weight - good / good_weight : 0.0;
}

/// What each client stands out by: its levels against the others, of all judged detectors.
std::vector<std::vector<double>> profiles_of(const std::vector<ClientFeatures>& clients)
{
    static const std::vector<std::size_t> levels = [] {
        std::vector<std::size_t> places;
        for (std::size_t feature = 0; feature < feature_names().size(); ++feature) {
            const std::string& name = feature_names()[feature];
            if (name.ends_with(".level") || name.ends_with(".own.high") || name.ends_with(".own.low"))
                places.push_back(feature);
        }
        return places;
    }();
    std::vector<std::vector<double>> profiles;
    for (const ClientFeatures& client : clients) {
        std::vector<double>& profile = profiles.emplace_back();
        for (const std::size_t feature : levels)
            profile.push_back(std::clamp(client.values[feature], -most_of_profile, most_of_profile));
    }
    return profiles;
}

Likeness profile_likeness(const std::vector<ClientFeatures>& clients)
{
    if (clients.size() > History::most_clients) return {};
    const std::vector<std::vector<double>> profiles = profiles_of(clients);
    const std::size_t n = clients.size();
    Likeness likeness(n * n, not_known);
    for (std::size_t a = 0; a < n; ++a)
        for (std::size_t b = 0; b < a; ++b)
            likeness[a * n + b] = likeness[b * n + a] = held(cosine_of(profiles[a], profiles[b]), 1);
    return likeness;
}

}  // namespace

const std::vector<std::string>& further_feature_names()
{
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all{"suspicion",       "above.middle",    "spreads.above.middle", "rank",
                                     "gap.below",       "suspected.share", "suspected.count",      "second.highest",
                                     "closest.likeness"};
        for (const char* likeness : {"company", "head", "excess", "lean", "body", "head-excess", "rhythm", "profile"})
            for (const char* summary : {".closest.suspicion", ".closest.three", ".toward.suspected"})
                all.push_back(std::string(likeness) + summary);
        for (const char* context : {"clients", "rounds.attended", "participation", "examples", "crowd.cosine",
                                    "crowd.memory", "crowd.sign", "crowd.spread", "crowd.follows"})
            all.emplace_back(context);
        return all;
    }();
    return names;
}

Surroundings surroundings_of(const Evidence& evidence, const std::vector<ClientFeatures>& clients)
{
    Places places;
    Surroundings surroundings;
    for (const ClientFeatures& client : clients) {
        const auto place = evidence.history.places().find(client.client);
        places.push_back(place == evidence.history.places().end() ? std::nullopt : std::optional(place->second));
        // What kind of federation: the last of the first judge's features, without the number of all rounds.
        std::vector<double>& context = surroundings.contexts.emplace_back();
        for (const std::size_t from_end : {10u, 9u, 7u, 6u, 5u, 4u, 3u, 2u, 1u})
            context.push_back(client.values[client.values.size() - from_end]);
    }
    surroundings.likenesses = all_likenesses(evidence.history, places);
    surroundings.likenesses.push_back(rhythms_of(clients));
    surroundings.likenesses.push_back(profile_likeness(clients));
    return surroundings;
}

std::vector<std::vector<double>> further_look(const Surroundings& surroundings, const std::vector<double>& suspicions)
{
    const std::size_t n = suspicions.size();
    const std::vector<Likeness>& likenesses = surroundings.likenesses;
    // The lower half is honest while attackers are a minority: middle and spread are taken from it.
    const double middle = quantile_of(suspicions, 0.4);
    const double spread = std::max(middle - quantile_of(suspicions, 0.1), spread_floor);
    std::vector<double> sorted = suspicions;
    std::sort(sorted.begin(), sorted.end());
    std::vector<double> probabilities;
    double suspected = 0;
    for (const double suspicion : suspicions) suspected += probabilities.emplace_back(logistic(suspicion));

    std::vector<std::vector<double>> rows;
    for (std::size_t idx = 0; idx < n; ++idx) {
        const double own = suspicions[idx];
        const auto below = std::lower_bound(sorted.begin(), sorted.end(), own);
        const auto rank = static_cast<double>(sorted.end() - below - 1);
        const double gap = below == sorted.begin() ? 0.0 : own - *(below - 1);
        std::vector<double> row{own,
                                own - middle,
                                std::clamp((own - middle) / spread, -most, most),
                                rank / static_cast<double>(n),
                                gap,
                                suspected / static_cast<double>(n),
                                suspected,
                                n > 1 ? (own >= sorted.back() ? sorted[n - 2] : sorted.back()) : 0.0,
                                0.0};
        for (const Likeness& likeness : likenesses) {
            const std::vector<Companion> near = closest(likeness, suspicions, idx);
            double sum = 0;
            for (const Companion& companion : near) sum += companion.suspicion;
            if (&likeness == &likenesses.front() && !near.empty()) row[8] = near.front().likeness;
            row.push_back(near.empty() ? middle : near.front().suspicion);
            row.push_back(near.empty() ? middle : sum / static_cast<double>(near.size()));
            row.push_back(toward_suspected(likeness, probabilities, idx));
        }
        row.insert(row.end(), surroundings.contexts[idx].begin(), surroundings.contexts[idx].end());
        rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace fedsleuth::analysis
