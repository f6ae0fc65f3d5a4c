// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/client_matrix.h"

#include "analysis/detection/detector.h"
#include "analysis/detection/probe_scores.h"
#include "ui/tables/cells.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>
#include <unordered_map>

namespace fedsleuth::ui {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

using Source = ClientStatistic::Source;

/// What one detector's scores hold for a statistic; NaN where the statistic is of something else.
double value_of(const model::DetectorScores& scores, const ClientStatistic& statistic, std::size_t idx)
{
    const auto at = [idx](const std::vector<double>& values) { return idx < values.size() ? values[idx] : nan; };
    switch (statistic.source) {
        case Source::z:
            return at(scores.z);
        case Source::evidence:
            return std::isnan(at(scores.z)) ? nan : at(scores.evidence);  // 0 says "like the crowd"
        case Source::evidence_sum:
        case Source::family:
            return at(scores.evidence);
        case Source::statistic:
            return at(scores.statistic);
        case Source::examples:
        case Source::metric:
            break;
    }
    return nan;
}

double value_of(const model::Update& update, const ClientStatistic& statistic)
{
    if (statistic.source == Source::examples) return update.num_examples ? double(*update.num_examples) : nan;
    const auto found = update.metrics.find(statistic.name);
    return found == update.metrics.end() ? nan : found->second;
}

}  // namespace

std::vector<ClientStatistic> client_statistics(const CaseData& data)
{
    std::vector<ClientStatistic> list;
    std::set<std::string> ran;
    for (const auto& round : data.scores)
        for (const model::DetectorScores& scores : round) ran.insert(scores.detector);
    if (!ran.empty())
        list.push_back({Source::evidence_sum,
                        {},
                        QStringLiteral("Evidence of all detectors"),
                        {},
                        QStringLiteral("like the crowd")});
    // Of one family its strongest detector counts: the others mostly say the same again.
    std::vector<std::string> families;
    for (const analysis::DetectorInfo& info : analysis::detectors())
        if (ran.contains(std::string(info.name)) && std::ranges::find(families, info.family) == families.end())
            families.emplace_back(info.family);
    for (const std::string& family : families)
        list.push_back({Source::family,
                        family,
                        QStringLiteral("Evidence from %1").arg(text_of(family)),
                        {},
                        QStringLiteral("like the crowd")});
    const auto with_each = [&](const auto& make) {
        for (const std::span<const analysis::DetectorInfo> infos : {analysis::detectors(), analysis::probe_detectors()})
            for (const analysis::DetectorInfo& info : infos)
                if (ran.contains(std::string(info.name))) list.push_back(make(info));
    };
    with_each([](const analysis::DetectorInfo& info) {
        return ClientStatistic{Source::z,
                               std::string(info.name),
                               text_of(info.title) + QStringLiteral(", z"),
                               QStringLiteral("robust z"),
                               QStringLiteral("the round's median"),
                               HeatScale::Kind::diverging};
    });
    with_each([](const analysis::DetectorInfo& info) {
        return ClientStatistic{Source::evidence,
                               std::string(info.name),
                               text_of(info.title) + QStringLiteral(", evidence"),
                               {},
                               QStringLiteral("like the crowd")};
    });
    with_each([](const analysis::DetectorInfo& info) {
        return ClientStatistic{Source::statistic, std::string(info.name), text_of(info.title), text_of(info.unit), {}};
    });
    if (data.examples_reported)
        list.push_back({Source::examples, {}, QStringLiteral("Examples trained on"), QStringLiteral("count"), {}});
    for (const std::string& name : data.metric_names)
        list.push_back({Source::metric, name, shown(name), QStringLiteral("as reported"), {}});
    return list;
}

ClientMatrix client_matrix(const CaseData& data, const ClientStatistic& statistic)
{
    ClientMatrix matrix;
    std::unordered_map<model::ClientId, std::size_t> row_of;
    for (const model::Client& client : data.clients) {
        if (client.id == model::server_client()) continue;
        row_of.emplace(client.id, matrix.clients.size());
        matrix.clients.push_back(client.id);
    }
    for (const model::Round& round : data.rounds) matrix.rounds.push_back(round.number);
    const std::size_t cols = matrix.rounds.size();
    matrix.values.assign(matrix.clients.size() * cols, nan);
    const auto cell = [&](const model::ClientId& client, std::size_t col) -> double* {
        const auto found = row_of.find(client);
        return found == row_of.end() ? nullptr : &matrix.values[found->second * cols + col];
    };
    if (statistic.source == Source::examples || statistic.source == Source::metric) {
        for (const model::Update& update : data.updates) {
            const auto col = data.round_index.find(update.round);
            if (col == data.round_index.end() || update.reference) continue;
            if (double* const value = cell(update.client, col->second)) *value = value_of(update, statistic);
        }
        return matrix;
    }
    const bool sum = statistic.source == Source::evidence_sum;
    const bool family = statistic.source == Source::family;
    std::unordered_map<std::string, const analysis::DetectorInfo*> infos;  // looked up once, not once a round
    // The client at a place of one list mostly stands there in the next, too: to compare is quicker than to look up.
    std::vector<std::size_t> rows;
    for (std::size_t col = 0; col < cols && col < data.scores.size(); ++col)
        for (const model::DetectorScores& scores : data.scores[col]) {
            const auto [known, is_new] = infos.try_emplace(scores.detector, nullptr);
            if (is_new) known->second = analysis::find_detector(scores.detector);
            const analysis::DetectorInfo* const info = known->second;
            if (sum && info && !info->judged) continue;
            if (family ? !info || info->family != statistic.name : !sum && scores.detector != statistic.name) continue;
            rows.resize(std::max(rows.size(), scores.clients.size()), matrix.clients.size());
            for (std::size_t idx = 0; idx < scores.clients.size(); ++idx) {
                std::size_t& row = rows[idx];
                if (row >= matrix.clients.size() || matrix.clients[row] != scores.clients[idx]) {
                    const auto found = row_of.find(scores.clients[idx]);
                    row = found == row_of.end() ? matrix.clients.size() : found->second;
                }
                if (row >= matrix.clients.size()) continue;
                double* const value = &matrix.values[row * cols + col];
                const double seen = value_of(scores, statistic, idx);
                if (family)
                    *value = std::isnan(*value) ? seen : std::max(*value, std::isnan(seen) ? 0.0 : seen);
                else if (!sum)
                    *value = seen;
                else
                    *value = (std::isnan(*value) ? 0 : *value) + (seen > 0 ? seen : 0);
            }
        }
    return matrix;
}

std::vector<std::size_t> ordered_clients(const CaseData& data, const ClientMatrix& matrix, ClientOrder order,
                                         std::size_t first_round, std::size_t last_round)
{
    struct Key {
        int gravity = 0;
        double probability = 0;
        std::int64_t first_bad = std::numeric_limits<std::int64_t>::max();
        double highest = -std::numeric_limits<double>::infinity();
    };
    std::vector<Key> keys(matrix.clients.size());
    for (std::size_t idx = 0; idx < keys.size(); ++idx) {
        keys[idx].gravity = int(data.shown_class(matrix.clients[idx]));
        if (const model::Verdict* const verdict = data.verdict(matrix.clients[idx])) {
            keys[idx].probability = verdict->probability;
            if (verdict->first_bad_round) keys[idx].first_bad = verdict->first_bad_round->value();
        }
        for (std::size_t round = first_round; round <= last_round && round < matrix.rounds.size(); ++round)
            if (const double value = matrix.at(idx, round); value > keys[idx].highest) keys[idx].highest = value;
    }
    std::vector<std::size_t> rows(keys.size());
    std::iota(rows.begin(), rows.end(), std::size_t{0});
    const auto before = [&](std::size_t left, std::size_t right) {
        const Key &a = keys[left], &b = keys[right];
        if (order == ClientOrder::highest && a.highest != b.highest) return a.highest > b.highest;
        if (order == ClientOrder::first_bad && a.first_bad != b.first_bad) return a.first_bad < b.first_bad;
        if (order != ClientOrder::id) {
            if (a.gravity != b.gravity) return a.gravity > b.gravity;
            if (a.probability != b.probability) return a.probability > b.probability;
        }
        return matrix.clients[left] < matrix.clients[right];
    };
    std::ranges::stable_sort(rows, before);
    return rows;
}

CrowdQuartiles crowd_quartiles(const ClientMatrix& matrix, std::size_t round_idx)
{
    std::vector<double> values;
    for (std::size_t row = 0; row < matrix.clients.size(); ++row)
        if (const double value = matrix.at(row, round_idx); std::isfinite(value)) values.push_back(value);
    if (values.empty()) return {nan, nan, nan};
    // From the lowest up, each selection looks at what lies above the last: less than to sort them all.
    auto from = values.begin();
    const auto quantile = [&](double share) {
        const double at = share * double(values.size() - 1);
        const auto below = values.begin() + std::ptrdiff_t(at);
        std::nth_element(from, below, values.end());
        from = below;
        const double above = below + 1 == values.end() ? *below : *std::min_element(below + 1, values.end());
        return std::lerp(*below, above, at - std::floor(at));
    };
    const double lower = quantile(0.25), median = quantile(0.5);
    return {lower, median, quantile(0.75)};
}

HeatScale statistic_scale(const ClientStatistic& statistic, std::span<const double> values)
{
    constexpr double ordinary_z = 4, ordinary_evidence = 6;
    HeatScale scale = fitted_scale(values, statistic.kind, 0.995);
    const auto widen = [&](double end, double highest) {
        scale.high = std::max(scale.high, end);
        scale.beyond_high = highest > scale.high;
    };
    double highest = -std::numeric_limits<double>::infinity(), lowest = -highest;
    for (const double value : values) {
        highest = std::max(highest, std::isfinite(value) ? value : highest);
        lowest = std::min(lowest, std::isfinite(value) ? value : lowest);
    }
    if (statistic.source == Source::z) {
        widen(ordinary_z, highest);
        scale.low = -scale.high;
        scale.beyond_low = lowest < scale.low;
    } else if (statistic.source == Source::evidence || statistic.source == Source::family ||
               statistic.source == Source::evidence_sum) {
        scale.low = 0;
        widen(ordinary_evidence, highest);
    }
    scale.name = statistic.title;
    scale.unit = statistic.unit;
    scale.zero_meaning = statistic.zero_meaning;
    return scale;
}

}  // namespace fedsleuth::ui
