// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/verdict/trace_features.h"

#include "analysis/detection/robust.h"
#include "analysis/verdict/series.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace fedsleuth::analysis {

namespace {

constexpr double trace_floor = 0.05;  // log-odds: the least spread that a round's crowd is credited with
constexpr double widest_mean = 20;
constexpr double widest_odds = 60;

/// One way to look at what the updates do to the wrong answer.
struct View {
    const char* name;
    std::vector<double> InputTrace::*part;
    std::vector<double> InputTrace::*less = nullptr;  ///< taken off, client by client

    [[nodiscard]] std::vector<double> operator()(const ProbeRound& round) const
    {
        std::vector<double> values = round.trace.*part;
        for (std::size_t idx = 0; less && idx < values.size(); ++idx) values[idx] -= (round.trace.*less)[idx];
        return values;
    }
};

constexpr View excess{"excess", &InputTrace::rise, &InputTrace::control};
constexpr std::array views{excess,
                           View{"trace", &InputTrace::rise},
                           View{"reason", &InputTrace::reason},
                           View{"moved", &InputTrace::moved},
                           View{"towards", &InputTrace::towards},
                           View{"away", &InputTrace::away},
                           View{"body", &InputTrace::body},
                           View{"shipped", &InputTrace::shipped},
                           View{"shipped_reason", &InputTrace::shipped_reason},
                           View{"shipped_moved", &InputTrace::shipped_moved}};
constexpr std::array views_per_length{
    View{"trace.per-length", &InputTrace::rise}, View{"moved.per-length", &InputTrace::moved},
    View{"towards.per-length", &InputTrace::towards}, View{"shipped.per-length", &InputTrace::shipped}};
/// Those that need a probe set as well; 0 without one.
constexpr std::array views_beside_probe{View{"near", &InputTrace::rise, &InputTrace::near},
                                        View{"pasted", &InputTrace::pasted}};
constexpr const char* level_names[] = {".level", ".window", ".high"};

using Rows = std::vector<std::vector<double>>;

void add(const std::vector<double>& column, Rows& rows)
{
    for (std::size_t client_idx = 0; client_idx < rows.size(); ++client_idx)
        rows[client_idx].push_back(column[client_idx]);
}

/// Levels and mean.
void add_view(const ProbeSeries& series, const View& view, Rows& rows)
{
    series.add_levels(series.z_of(view, trace_floor), rows);
    add(series.means_of(view), rows);
}

/// Levels of the same per unit of length, where the length is that of the round's middle client: what a long update
/// does anyhow is little for it.
void add_per_length(const ProbeSeries& series, const View& view, Rows& rows)
{
    constexpr double least = 0.05;  // of that length: what hardly moves is rounding
    const auto values = [&](const ProbeRound& round) {
        const double middle = median_of(round.trace.length);
        std::vector<double> all = view(round);
        for (std::size_t idx = 0; idx < all.size(); ++idx)
            all[idx] *= middle / std::max(round.trace.length[idx], least * middle);
        return all;
    };
    series.add_levels(series.z_of(values, trace_floor), rows);
}

/// What is left of the rise when the control explains what it can, over all rounds.
void add_left(const ProbeSeries& series, Rows& rows)
{
    constexpr double floor = 0.1;
    std::vector<double> left = series.means_of(View{"", &InputTrace::rise});
    without_covariate(left, series.means_of(View{"", &InputTrace::control}));
    const Crowd crowd = crowd_of(left, floor);
    std::vector<double> levels = robust_z(left, crowd);
    for (double& value : left) value = held(value - crowd.location, widest_mean);
    for (double& value : levels) value = held(value, ProbeSeries::widest_level);
    add(left, rows);
    add(levels, rows);
}

/// How far the client's own models answered as the attacker wants, and beyond the ordinary client's.
void add_after(const ProbeSeries& series, Rows& rows)
{
    constexpr double floor = 0.05;
    const View view{"after", &InputTrace::after};
    const ProbeNumbers after = series.numbers_of(view), z = series.z_of(view, floor);
    for (std::size_t client_idx = 0; client_idx < rows.size(); ++client_idx) {
        rows[client_idx].push_back(held(mean_of(after[client_idx]), 1));
        rows[client_idx].push_back(held(quarter_mean(after[client_idx], true), 1));
        rows[client_idx].push_back(held(mean_of(z[client_idx]), ProbeSeries::widest_z));
    }
}

/// The same for all clients: whether the wrong answer looks planted, and whether it was given early and late.
void add_incident(const ProbeSeries& series, Rows& rows)
{
    constexpr std::size_t parts = ProbeSeries::parts;
    const std::vector<ProbeRound>& rounds = series.rounds();
    std::array<double, parts> before{}, count{};
    for (std::size_t round_idx = 0; round_idx < rounds.size(); ++round_idx) {
        before[round_idx * parts / rounds.size()] += held(rounds[round_idx].trace.before, 1);
        ++count[round_idx * parts / rounds.size()];
    }
    const std::size_t last = (rounds.size() - 1) * parts / rounds.size();  // of few rounds not the last part of all
    const InputTrace& trace = rounds.front().trace;
    for (std::vector<double>& row : rows) {
        for (const double value : {trace.odds, trace.reason_odds, trace.moved_odds})
            row.push_back(held(value, widest_odds));
        row.push_back(before.front() / count.front());
        row.push_back(before[last] / count[last]);
    }
}

}  // namespace

const std::vector<std::string>& trace_feature_names()
{
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all;
        const auto add_names = [&](const View& view, bool with_mean) {
            for (const char* level : level_names) all.push_back(std::string(view.name) + level);
            if (with_mean) all.push_back(std::string(view.name) + ".mean");
        };
        for (const View& view : views) add_names(view, true);
        for (const View& view : views_per_length) add_names(view, false);
        for (const char* name : {"left.mean", "left.level", "after.mean", "after.high", "after.z"})
            all.emplace_back(name);
        for (const View& view : views_beside_probe) add_names(view, true);
        for (const char* name : {"odds", "reason_odds", "moved_odds", "before.first", "before.last"})
            all.emplace_back(name);
        return all;
    }();
    return names;
}

std::vector<std::vector<double>> trace_features(const ProbeSeries& series)
{
    Rows rows(series.size());
    for (const View& view : views) add_view(series, view, rows);
    for (const View& view : views_per_length) add_per_length(series, view, rows);
    add_left(series, rows);
    add_after(series, rows);
    const bool beside_probe = !series.rounds().front().trace.near.empty();
    for (const View& view : views_beside_probe)
        if (beside_probe)
            add_view(series, view, rows);
        else
            for (std::vector<double>& row : rows) row.insert(row.end(), std::size(level_names) + 1, 0.0);
    add_incident(series, rows);
    return rows;
}

ProbeNumbers trace_z(const ProbeSeries& series) { return series.z_of(excess, trace_floor); }

}  // namespace fedsleuth::analysis
