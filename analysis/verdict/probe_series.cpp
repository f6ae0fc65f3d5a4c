// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/verdict/probe_series.h"

#include "analysis/detection/robust.h"
#include "analysis/verdict/series.h"

#include <algorithm>
#include <cmath>

namespace fedsleuth::analysis {

ProbeSeries::ProbeSeries(const std::vector<ProbeRound>& rounds) : rounds_(rounds)
{
    for (const ProbeRound& round : rounds)
        for (const model::ClientId& client : round.clients) places_.try_emplace(client, 0);
    std::size_t next = 0;
    for (auto& [client, place] : places_) place = next++;
    part_.resize(places_.size());
    for (std::size_t round_idx = 0; round_idx < rounds.size(); ++round_idx)
        for (const model::ClientId& client : rounds[round_idx].clients)
            part_[places_.at(client)].push_back(round_idx * parts / rounds.size());
}

ProbeNumbers ProbeSeries::numbers_of(const Values& values) const
{
    ProbeNumbers numbers(size());
    for (const ProbeRound& round : rounds_) {
        const std::vector<double> all = values(round);
        for (std::size_t idx = 0; idx < all.size(); ++idx) numbers[places_.at(round.clients[idx])].push_back(all[idx]);
    }
    return numbers;
}

ProbeNumbers ProbeSeries::z_of(const Values& values, double floor) const
{
    return numbers_of([&](const ProbeRound& round) {
        const std::vector<double> all = values(round);
        std::vector<double> z = robust_z(all, crowd_of(all, floor));
        for (double& one : z)
            if (!std::isnan(one)) one = std::clamp(one, -widest_z, widest_z);
        return z;
    });
}

std::vector<double> ProbeSeries::means_of(const Values& values) const
{
    constexpr double widest = 20;
    std::vector<double> means;
    for (const std::vector<double>& own : numbers_of(values)) {
        double sum = 0;
        for (const double value : own) sum += held(value, widest);
        means.push_back(sum / std::max(1.0, static_cast<double>(own.size())));
    }
    return means;
}

/// n: the mean over the entries at or after a part of the time, against the other clients'.
std::vector<double> ProbeSeries::level(const ProbeNumbers& numbers, std::size_t from) const
{
    std::vector<double> means;
    for (std::size_t client_idx = 0; client_idx < numbers.size(); ++client_idx) {
        std::vector<double> late;
        for (std::size_t at = 0; at < numbers[client_idx].size(); ++at)
            if (part_[client_idx][at] >= from) late.push_back(numbers[client_idx][at]);
        means.push_back(mean_of(late));
    }
    std::vector<double> levels = robust_z(means, crowd_of(means, level_floor));
    for (double& value : levels) value = held(value, widest_level);
    return levels;
}

void ProbeSeries::add_levels(const ProbeNumbers& numbers, std::vector<std::vector<double>>& rows) const
{
    std::vector<std::vector<double>> levels;
    for (std::size_t from = 0; from < parts; ++from) levels.push_back(level(numbers, from));
    for (std::size_t client_idx = 0; client_idx < numbers.size(); ++client_idx) {
        double highest = -widest_level;
        for (const std::vector<double>& one : levels) highest = std::max(highest, one[client_idx]);
        rows[client_idx].push_back(levels[0][client_idx]);
        rows[client_idx].push_back(highest);
        rows[client_idx].push_back(held(quarter_mean(numbers[client_idx], true), widest_z));
    }
}

}  // namespace fedsleuth::analysis
