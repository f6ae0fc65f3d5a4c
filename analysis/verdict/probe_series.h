// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/detection/probe_measures.h"

#include <cstddef>
#include <functional>
#include <limits>
#include <map>
#include <vector>

namespace fedsleuth::analysis {

/// One number a client and round: [client][its rounds]; NaN where it is not known.
using ProbeNumbers = std::vector<std::vector<double>>;

/// What the probes measured round by round, gathered by client and set against the other clients.
class ProbeSeries {
public:
    static constexpr std::size_t parts = 4;      ///< of the time; windows are the last 4, 3, 2, 1 of them
    static constexpr double level_floor = 0.35;  ///< of the spread of levels between clients, in round z
    static constexpr double widest_z = 10;
    static constexpr double widest_level = 15;

    /// One number for each of a round's clients, or none.
    using Values = std::function<std::vector<double>(const ProbeRound&)>;

    /// `rounds`: ascending; they must outlive it.
    explicit ProbeSeries(const std::vector<ProbeRound>& rounds);
    explicit ProbeSeries(std::vector<ProbeRound>&&) = delete;

    [[nodiscard]] const std::vector<ProbeRound>& rounds() const { return rounds_; }
    [[nodiscard]] std::size_t size() const { return places_.size(); }  ///< n, clients
    [[nodiscard]] const std::map<model::ClientId, std::size_t>& places() const { return places_; }
    /// [client][its rounds]: which part of the time, from 0, a client's rounds lie in.
    [[nodiscard]] const std::vector<std::vector<std::size_t>>& part() const { return part_; }

    /// Robust z of one number a client and round, within the round; `floor`: least spread that a crowd is credited
    /// with.
    [[nodiscard]] ProbeNumbers z_of(const Values& values, double floor) const;
    /// The numbers themselves.
    [[nodiscard]] ProbeNumbers numbers_of(const Values& values) const;
    /// n: mean over each client's rounds, every number held within ±20.
    [[nodiscard]] std::vector<double> means_of(const Values& values) const;

    /// Appends to each client's row: the level over all its rounds against the other clients', the highest level over
    /// the whole, the last three quarters, half and quarter of the time (it may have begun late), and the mean of its
    /// highest quarter.
    void add_levels(const ProbeNumbers& numbers, std::vector<std::vector<double>>& rows) const;

private:
    [[nodiscard]] std::vector<double> level(const ProbeNumbers& numbers, std::size_t from) const;

    const std::vector<ProbeRound>& rounds_;
    std::map<model::ClientId, std::size_t> places_;
    std::vector<std::vector<std::size_t>> part_;
};

}  // namespace fedsleuth::analysis
