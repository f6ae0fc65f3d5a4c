// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/verdict/client_features.h"

#include "analysis/detection/detector.h"
#include "analysis/detection/robust.h"
#include "analysis/verdict/course.h"
#include "analysis/verdict/groups.h"
#include "analysis/verdict/likeness.h"
#include "analysis/verdict/series.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>

namespace fedsleuth::analysis {

namespace {

constexpr double widest_round_z = 8;  // one round's z counts at most this much
constexpr double highest_peak = 30;   // but the greatest of all rounds is kept, up to this
constexpr double level_floor = 0.15;  // spread between clients that an honest federation is credited with
constexpr double quarter_floor = 0.3;
constexpr double shift_floor = 0.8;
constexpr double widest_apart = 20;  // a round against the client's own other rounds counts at most this much
constexpr double apart_floor = 0.25;
constexpr const char* summary_names[] = {"mean",     "level",   "high",      "low",      "shift", "peak",
                                         "own.high", "own.low", "own.shift", "own.peak", "part"};
constexpr double plain_apart_floor = 0.05;  // of cosines, shares and logarithms
constexpr double plain_level_floor = 0.02;
constexpr const char* likeness_names[] = {"company", "head", "excess", "lean", "body", "head-excess"};
constexpr const char* company_summaries[] = {"max", "top3", "max.level", "top3.level", "trio", "trio.apart"};
constexpr const char* pattern_names[pattern_count] = {"boosted", "opposed", "lockstep", "untrained", "recycled"};
/// Detectors whose statistic itself says something, whatever the crowd does: where four in ten are copies or don't
/// train, they are the crowd, and its spread hides what they do now and then.
constexpr const char* plain_detectors[] = {"drift-own",     "recycled",      "duplicate",    "sign-agreement",
                                           "cosine-median", "temporal-sign", "kurtosis",     "norm",
                                           "progress",      "drift-global",  "quiet-energy", "model-pull"};
constexpr const char* plain_summaries[] = {
    "value",          "value.high", "value.low", "value.level", "value.own.high", "value.own.low", "value.own.shift",
    "value.own.peak", "value.part", "rest.high", "rest.low",    "rest.shift",     "rest.peak"};
constexpr const char* context_names[] = {"clients",      "rounds.attended", "rounds.all",   "participation",
                                         "examples",     "crowd.cosine",    "crowd.memory", "crowd.sign",
                                         "crowd.spread", "crowd.follows"};

struct Seen {
    std::vector<model::RoundNo> rounds;
    std::vector<std::size_t> places;  // of the rounds among all
    std::vector<Series> z;            // detectors × rounds
    std::vector<double> peak;         // detectors: the z farthest from 0 in any round
    std::vector<Series> statistic;    // plain detectors × rounds
    std::vector<const ClientRound*> patterns;
};

const model::DetectorScores* scores_of(const ScoredRound& round, std::string_view detector)
{
    for (const model::DetectorScores& scores : round.scores)
        if (scores.detector == detector) return &scores;
    return nullptr;
}

/// The statistic itself; lengths as the logarithm of the ratio to the crowd's, the kurtosis as its logarithm.
double plain_value(const model::DetectorScores* scores, std::size_t client_idx)
{
    if (!scores) return not_known;
    const double value = scores->statistic[client_idx];
    if (scores->detector == "kurtosis") return std::log(std::max(value, 0.1));
    if (scores->detector != "norm") return std::clamp(value, -50.0, 50.0);
    return scores->location > 0 ? std::log(std::max(value, 1e-6 * scores->location) / scores->location) : not_known;
}

std::map<model::ClientId, Seen> collect(const Evidence& evidence)
{
    std::map<model::ClientId, Seen> seen;
    const std::size_t detector_count = judged_detectors().size();
    for (const ScoredRound& round : evidence.rounds) {
        std::vector<const model::DetectorScores*> statistics;
        for (const char* name : plain_detectors) statistics.push_back(scores_of(round, name));
        for (std::size_t client_idx = 0; client_idx < round.patterns.clients.size(); ++client_idx) {
            Seen& client = seen[round.patterns.clients[client_idx]];
            client.z.resize(detector_count);
            client.peak.resize(detector_count, 0.0);
            client.statistic.resize(std::size(plain_detectors));
            for (std::size_t which = 0; which < std::size(plain_detectors); ++which)
                client.statistic[which].push_back(plain_value(statistics[which], client_idx));
            client.rounds.push_back(round.patterns.round);
            client.places.push_back(static_cast<std::size_t>(&round - evidence.rounds.data()));
            client.patterns.push_back(&round.patterns.seen[client_idx]);
            for (std::size_t which = 0; which < detector_count && which < round.scores.size(); ++which) {
                const double z = round.scores[which].z[client_idx];
                if (std::abs(z) > std::abs(client.peak[which]))
                    client.peak[which] = std::clamp(z, -highest_peak, highest_peak);
                client.z[which].push_back(std::isnan(z) ? not_known : std::clamp(z, -widest_round_z, widest_round_z));
            }
        }
    }
    return seen;
}

/// Of rounds that were set apart from the client's own others: high, low, shift and peak, one column each.
std::vector<std::vector<double>> own_summaries(const std::vector<Series>& apart)
{
    std::vector<double> high, low, shift, peak;
    for (const Series& own : apart) {
        high.push_back(quarter_mean(own, true));
        low.push_back(quarter_mean(own, false));
        shift.push_back(greatest_shift(own));
        peak.push_back(farthest(own));
    }
    return {levels(std::move(high), quarter_floor), levels(std::move(low), quarter_floor),
            levels(std::move(shift), shift_floor), std::move(peak)};
}

double location_of(const Evidence& evidence, std::string_view detector, double model::DetectorScores::*field)
{
    std::vector<double> all;
    for (const ScoredRound& round : evidence.rounds)
        if (const model::DetectorScores* scores = scores_of(round, detector)) all.push_back(scores->*field);
    return median_of(all);
}

}  // namespace

const std::vector<std::string>& feature_names()
{
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all;
        for (const DetectorInfo& info : judged_detectors())
            for (const char* summary : summary_names) all.push_back(std::string(info.name) + "." + summary);
        for (const char* name : likeness_names)
            for (const char* summary : company_summaries) all.push_back(std::string(name) + "." + summary);
        for (const char* name : pattern_names) all.push_back(std::string("pattern.") + name);
        all.emplace_back("pattern.original");
        all.emplace_back("pattern.twins");
        for (const char* name : plain_detectors)
            for (const char* summary : plain_summaries) all.push_back(std::string(name) + "." + summary);
        for (const char* name : context_names) all.emplace_back(name);
        return all;
    }();
    return names;
}

const std::vector<std::string>& round_feature_names()
{
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all;
        for (const char* summary : {"z", "beside", "mean", "apart"})
            for (const DetectorInfo& info : judged_detectors()) all.push_back(std::string(info.name) + "." + summary);
        for (const char* name : pattern_names) all.push_back(std::string("pattern.") + name);
        return all;
    }();
    return names;
}

std::string_view feature_source(std::size_t feature_idx)
{
    static const std::vector<std::string_view> sources = [] {
        constexpr std::array<std::pair<std::string_view, std::string_view>, 13> others{
            {{"company.", "company"},
             {"body.", "company"},
             {"head-excess.", "head-company"},
             {"head.", "head-company"},
             {"excess.", "company"},
             {"lean.", "output-lean"},
             {"pattern.boosted", "norm"},
             {"pattern.opposed", "cosine-median"},
             {"pattern.lockstep", "duplicate"},
             {"pattern.twins", "duplicate"},
             {"pattern.original", "duplicate"},
             {"pattern.untrained", "drift-own"},
             {"pattern.recycled", "recycled"}}};
        std::vector<std::string_view> all;
        for (const std::string& name : feature_names()) {
            std::string_view source;
            for (const DetectorInfo& info : judged_detectors())
                if (name.starts_with(std::string(info.name) + ".")) source = info.name;
            for (const auto& [prefix, detector] : others)
                if (source.empty() && name.starts_with(prefix)) source = detector;
            all.push_back(source);
        }
        return all;
    }();
    return feature_idx < sources.size() ? sources[feature_idx] : std::string_view();
}

Likeness rhythms_of(const std::vector<ClientFeatures>& clients)
{
    if (clients.size() > History::most_clients) return {};
    // The last of round_feature_names() before the patterns: "apart".
    const std::size_t m = judged_detectors().size();
    std::vector<Rhythm> rhythms;
    for (const ClientFeatures& client : clients) {
        Rhythm& rhythm = rhythms.emplace_back();
        rhythm.rounds = client.rounds;
        for (const std::vector<double>& row : client.round_values)
            rhythm.apart.insert(rhythm.apart.end(), row.begin() + static_cast<std::ptrdiff_t>(3 * m),
                                row.begin() + static_cast<std::ptrdiff_t>(4 * m));
    }
    return rhythm_likeness(rhythms, m);
}

std::vector<double> ordinary_client(const std::vector<ClientFeatures>& clients)
{
    std::vector<double> middle;
    for (std::size_t feature = 0; feature < feature_names().size(); ++feature) {
        std::vector<double> column;
        for (const ClientFeatures& client : clients) column.push_back(client.values[feature]);
        middle.push_back(median_of(column));
    }
    return middle;
}

std::vector<ClientFeatures> client_features(const Evidence& evidence)
{
    const std::map<model::ClientId, Seen> seen = collect(evidence);
    const std::size_t n = seen.size();
    const std::size_t detector_count = judged_detectors().size();
    std::vector<double> log_examples;
    std::vector<std::optional<std::size_t>> places;
    for (const auto& [client, own] : seen) {
        const auto known = evidence.examples.find(client);
        log_examples.push_back(known != evidence.examples.end() && known->second > 0 ? std::log(known->second)
                                                                                     : not_known);
        const auto place = evidence.history.places().find(client);
        places.push_back(place == evidence.history.places().end() ? std::nullopt : std::optional(place->second));
    }

    std::vector<std::vector<std::size_t>> when;
    for (const auto& [client, own] : seen) when.push_back(own.places);

    std::vector<std::vector<double>> columns;  // features × n
    std::vector<std::vector<double>> means;    // detectors × n
    std::vector<std::vector<Series>> apart;    // detectors × n × rounds
    for (std::size_t which = 0; which < detector_count; ++which) {
        std::vector<const Series*> series;
        for (const auto& [client, own] : seen) series.push_back(&own.z[which]);
        apart.push_back(apart_from_own(series, apart_floor, widest_apart));
        std::vector<double> mean, high, low, shift, peak;
        for (const auto& [client, own] : seen) {
            mean.push_back(mean_of(own.z[which]));
            high.push_back(quarter_mean(own.z[which], true));
            low.push_back(quarter_mean(own.z[which], false));
            shift.push_back(greatest_shift(own.z[which]));
            peak.push_back(own.peak[which]);
        }
        columns.push_back(mean);
        means.push_back(mean);
        for (std::vector<double>* values : {&mean, &high, &low}) without_covariate(*values, log_examples);
        columns.push_back(levels(mean, level_floor));
        columns.push_back(levels(high, quarter_floor));
        columns.push_back(levels(low, quarter_floor));
        columns.push_back(levels(shift, shift_floor));
        columns.push_back(std::move(peak));
        for (std::vector<double>& column : own_summaries(apart.back())) columns.push_back(std::move(column));
        std::vector<double> part = polish(series, when, evidence.rounds.size()).client;
        without_covariate(part, log_examples);
        columns.push_back(levels(std::move(part), level_floor));
    }
    for (const Likeness& likeness : all_likenesses(evidence.history, places)) add_likeness(likeness, n, columns);
    for (std::size_t pattern = 0; pattern < pattern_count; ++pattern) {
        std::vector<double> highest;
        for (const auto& [client, own] : seen)
            highest.push_back(std::min(course_of(own.patterns, static_cast<Pattern>(pattern)).highest, 30.0));
        columns.push_back(std::move(highest));
    }

    const LockstepGroups groups(evidence.rounds);
    std::vector<double> original, twins;
    for (const auto& [client, own] : seen) {
        original.push_back(groups.is_original(client) ? 1 : 0);
        twins.push_back(std::min(static_cast<double>(groups.twins(client).size()), 20.0));
    }
    columns.push_back(std::move(original));
    columns.push_back(std::move(twins));
    for (std::size_t which = 0; which < std::size(plain_detectors); ++which) {
        std::vector<const Series*> series;
        for (const auto& [client, own] : seen) series.push_back(&own.statistic[which]);
        std::vector<double> mean, high, low;
        for (const Series* own : series) {
            mean.push_back(mean_of(*own));
            high.push_back(quarter_mean(*own, true));
            low.push_back(quarter_mean(*own, false));
        }
        columns.push_back(mean);
        columns.push_back(std::move(high));
        columns.push_back(std::move(low));
        without_covariate(mean, log_examples);
        columns.push_back(levels(std::move(mean), plain_level_floor));
        for (std::vector<double>& column : own_summaries(apart_from_own(series, plain_apart_floor, widest_apart)))
            columns.push_back(std::move(column));
        Polished polished = polish(series, when, evidence.rounds.size());
        without_covariate(polished.client, log_examples);
        columns.push_back(levels(std::move(polished.client), plain_level_floor));
        std::vector<const Series*> rest;
        for (const Series& own : polished.rest) rest.push_back(&own);
        for (std::vector<double>& column : own_summaries(apart_from_own(rest, plain_apart_floor, widest_apart)))
            columns.push_back(std::move(column));
    }

    const double examples_middle = median_of(log_examples);
    const double all_rounds = static_cast<double>(std::max<std::size_t>(evidence.rounds.size(), 1));
    double attended = 0;
    for (const auto& [client, own] : seen) attended += static_cast<double>(own.rounds.size());
    const double participation = n > 0 ? attended / static_cast<double>(n) / all_rounds : 0;
    const double crowd[] = {location_of(evidence, "cosine-median", &model::DetectorScores::location),
                            location_of(evidence, "drift-own", &model::DetectorScores::location),
                            location_of(evidence, "sign-agreement", &model::DetectorScores::location),
                            location_of(evidence, "norm", &model::DetectorScores::scale),
                            location_of(evidence, "drift-global", &model::DetectorScores::location)};

    std::vector<ClientFeatures> all;
    std::size_t idx = 0;
    for (const auto& [client, own] : seen) {
        ClientFeatures features;
        features.client = client;
        features.rounds = own.rounds;
        for (const std::vector<double>& column : columns) features.values.push_back(held(column[idx], 1e6));
        features.values.push_back(std::log(static_cast<double>(n)));
        features.values.push_back(std::log(static_cast<double>(own.rounds.size())));
        features.values.push_back(std::log(all_rounds));
        features.values.push_back(participation);
        features.values.push_back(held(log_examples[idx] - examples_middle, 5));
        for (const double value : crowd) features.values.push_back(held(value, 10));
        for (std::size_t place = 0; place < own.rounds.size(); ++place) {
            std::vector<double>& row = features.round_values.emplace_back();
            for (std::size_t which = 0; which < detector_count; ++which) row.push_back(held(own.z[which][place], 8));
            for (std::size_t which = 0; which < detector_count; ++which) {
                const std::size_t from = place > 0 ? place - 1 : 0;
                const std::size_t to = std::min(place + 2, own.rounds.size());
                row.push_back(held(mean_of(std::span(own.z[which]).subspan(from, to - from)), 8));
            }
            for (std::size_t which = 0; which < detector_count; ++which) row.push_back(held(means[which][idx], 8));
            for (std::size_t which = 0; which < detector_count; ++which)
                row.push_back(held(apart[which][idx][place], widest_apart));
            for (const double pattern : own.patterns[place]->evidence) row.push_back(pattern);
        }
        all.push_back(std::move(features));
        ++idx;
    }
    return all;
}

}  // namespace fedsleuth::analysis
