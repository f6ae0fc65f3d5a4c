// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/verdict/probe_features.h"

#include "analysis/detection/robust.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <map>

namespace fedsleuth::analysis {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double widest_z = 10;
constexpr double widest_level = 15;
constexpr std::size_t parts = 4;      // of the time; windows are the last 4, 3, 2, 1 of them
constexpr double level_floor = 0.35;  // of the spread of levels between clients, in round z

// The least spread that a round's crowd is credited with.
constexpr double loss_floor = 0.01;       // nats
constexpr double confusion_floor = 0.02;  // logits
constexpr double noise_floor = 0.02;      // nats
constexpr double trace_floor = 0.05;      // log-odds

double held(double value, double widest) { return std::isnan(value) ? 0 : std::clamp(value, -widest, widest); }

/// One number a client and round: [client][its rounds].
using Series = std::vector<std::vector<double>>;

/// Which round each entry of a client's series is of, as a part of the time.
struct Time {
    std::vector<std::vector<std::size_t>> part;  ///< [client][its rounds]
};

/// n: the mean of a series over the entries at or after a part of the time, against the other clients'.
std::vector<double> level(const Series& series, const Time& time, std::size_t from)
{
    std::vector<double> means;
    for (std::size_t client_idx = 0; client_idx < series.size(); ++client_idx) {
        double sum = 0, count = 0;
        for (std::size_t at = 0; at < series[client_idx].size(); ++at) {
            if (time.part[client_idx][at] < from || std::isnan(series[client_idx][at])) continue;
            sum += series[client_idx][at];
            ++count;
        }
        means.push_back(count > 0 ? sum / count : nan);
    }
    std::vector<double> levels = robust_z(means, crowd_of(means, level_floor));
    for (double& value : levels) value = held(value, widest_level);
    return levels;
}

double highest_quarter(std::vector<double> values)
{
    std::erase_if(values, [](double value) { return std::isnan(value); });
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end(), std::greater<>());
    const std::size_t count = std::max<std::size_t>(1, values.size() / 4);
    double sum = 0;
    for (std::size_t idx = 0; idx < count; ++idx) sum += values[idx];
    return sum / static_cast<double>(count);
}

double mean_of(const std::vector<double>& values)
{
    double sum = 0, count = 0;
    for (const double value : values)
        if (!std::isnan(value)) {
            sum += value;
            ++count;
        }
    return count > 0 ? sum / count : 0;
}

/// Level over all, the highest window's, the highest quarter: appended to each client's row.
void add_series(const Series& series, const Time& time, std::vector<std::vector<double>>& rows)
{
    std::vector<std::vector<double>> levels;
    for (std::size_t from = 0; from < parts; ++from) levels.push_back(level(series, time, from));
    for (std::size_t client_idx = 0; client_idx < series.size(); ++client_idx) {
        double highest = -widest_level;
        for (const std::vector<double>& one : levels) highest = std::max(highest, one[client_idx]);
        rows[client_idx].push_back(levels[0][client_idx]);
        rows[client_idx].push_back(highest);
        rows[client_idx].push_back(highest_quarter(series[client_idx]));
    }
}

/// What is left of y when a straight line on x (Theil and Sen) is taken out.
std::vector<double> without_trend(std::vector<double> y, const std::vector<double>& x)
{
    std::vector<double> slopes;
    for (std::size_t a = 0; a < y.size(); ++a)
        for (std::size_t b = a + 1; b < y.size(); ++b)
            if (std::abs(x[a] - x[b]) > 1e-6) slopes.push_back((y[a] - y[b]) / (x[a] - x[b]));
    const double slope = slopes.empty() ? 0 : median_of(slopes);
    for (std::size_t idx = 0; idx < y.size(); ++idx) y[idx] -= slope * x[idx];
    const double middle = median_of(y);
    for (double& value : y) value -= middle;
    return y;
}

class Gathered {
public:
    Gathered(const std::vector<ProbeRound>& rounds, const std::vector<std::int32_t>& classes)
        : rounds_(rounds), classes_(classes)
    {
        for (const ProbeRound& round : rounds)
            for (const model::ClientId& client : round.clients) places_.try_emplace(client, 0);
        std::size_t next = 0;
        for (auto& [client, place] : places_) place = next++;
        out_.resize(places_.size());
        time_.part.resize(places_.size());
        for (const auto& [client, place] : places_) out_[place].client = client;
        for (std::size_t round_idx = 0; round_idx < rounds.size(); ++round_idx)
            for (const model::ClientId& client : rounds[round_idx].clients) {
                const std::size_t place = places_.at(client);
                out_[place].rounds.push_back(rounds[round_idx].round);
                time_.part[place].push_back(round_idx * parts / rounds.size());
            }
    }

    std::vector<ProbeFeatures> take()
    {
        if (!rounds_.empty() && !rounds_.front().loss.empty()) add_probe();
        if (!rounds_.empty() && !rounds_.front().trace.empty()) add_trace();
        return std::move(out_);
    }

private:
    /// Robust z of one number a client and round, within the round.
    Series z_of(const std::function<std::vector<double>(const ProbeRound&)>& values, double floor) const
    {
        Series series(out_.size());
        for (const ProbeRound& round : rounds_) {
            const std::vector<double> all = values(round);
            const std::vector<double> z = robust_z(all, crowd_of(all, floor));
            for (std::size_t idx = 0; idx < z.size(); ++idx)
                series[places_.at(round.clients[idx])].push_back(
                    std::isnan(z[idx]) ? nan : std::clamp(z[idx], -widest_z, widest_z));
        }
        return series;
    }

    void add_probe()
    {
        std::vector<std::vector<double>> rows(out_.size());
        const Series loss = z_of([](const ProbeRound& round) { return round.loss; }, loss_floor);
        add_series(loss, time_, rows);
        add_noise(rows);
        add_confusion(rows);
        for (std::size_t place = 0; place < out_.size(); ++place) out_[place].probe = std::move(rows[place]);
    }

    /// Root mean square over the classes of the robust z of the answers to noise.
    void add_noise(std::vector<std::vector<double>>& rows)
    {
        const auto odd = [](const ProbeRound& round) {
            const std::size_t n = round.clients.size(), classes = round.noise.size() / std::max<std::size_t>(1, n);
            std::vector<double> squares(n, 0.0), column(n);
            for (std::size_t c = 0; c < classes; ++c) {
                for (std::size_t idx = 0; idx < n; ++idx) column[idx] = round.noise[idx * classes + c];
                const std::vector<double> z = robust_z(column, crowd_of(column, noise_floor));
                for (std::size_t idx = 0; idx < n; ++idx) squares[idx] += std::pow(held(z[idx], widest_z), 2);
            }
            for (double& square : squares)
                square = std::sqrt(square / static_cast<double>(std::max<std::size_t>(1, classes)));
            return squares;
        };
        add_series(z_of(odd, 0.2), time_, rows);
    }

    /// Pairs of classes, all on one scale: how far a client lies from the round's median at that pair, in units of how
    /// far the middle client and pair do.
    std::vector<Series> confusion_series() const
    {
        const std::size_t k = classes_.size(), pairs = k * k;
        std::vector<Series> series(pairs, Series(out_.size()));
        std::vector<double> column, absolute;
        for (const ProbeRound& round : rounds_) {
            const std::size_t n = round.clients.size();
            std::vector<double> off(n * pairs, nan);
            absolute.clear();
            for (std::size_t pair = 0; pair < pairs; ++pair) {
                if (pair / k == pair % k) continue;
                column.clear();
                for (std::size_t idx = 0; idx < n; ++idx) column.push_back(round.confusion[idx * pairs + pair]);
                const double middle = median_of(column);
                for (std::size_t idx = 0; idx < n; ++idx) {
                    off[idx * pairs + pair] = column[idx] - middle;
                    absolute.push_back(std::abs(column[idx] - middle));
                }
            }
            const double scale = std::max(1.4826 * median_of(absolute), confusion_floor);
            for (std::size_t idx = 0; idx < n; ++idx)
                for (std::size_t pair = 0; pair < pairs; ++pair)
                    if (pair / k != pair % k)
                        series[pair][places_.at(round.clients[idx])].push_back(
                            std::clamp(off[idx * pairs + pair] / scale, -widest_z, widest_z));
        }
        return series;
    }

    double mistake_of(std::size_t pair) const
    {
        double sum = 0;
        for (const ProbeRound& round : rounds_) sum += round.mistakes[pair];
        return sum / static_cast<double>(rounds_.size());
    }

    /// The pair of classes with the most probability on the wrong one, over all rounds.
    std::size_t worst_pair() const
    {
        const std::size_t k = classes_.size();
        std::size_t worst = k > 1 ? 1 : 0;
        for (std::size_t pair = 0; pair < k * k; ++pair)
            if (pair / k != pair % k && mistake_of(pair) > mistake_of(worst)) worst = pair;
        return worst;
    }

    void add_confusion(std::vector<std::vector<double>>& rows)
    {
        const std::size_t k = classes_.size();
        const std::vector<Series> series = confusion_series();
        const std::size_t worst = worst_pair();
        for (std::size_t client_idx = 0; client_idx < out_.size(); ++client_idx) {
            std::array<double, parts> best{};
            std::size_t chosen = 0;
            double second = 0;
            for (std::size_t pair = 0; pair < k * k; ++pair) {
                if (pair / k == pair % k) continue;
                for (std::size_t from = 0; from < parts; ++from) {
                    double sum = 0, count = 0;
                    for (std::size_t at = 0; at < series[pair][client_idx].size(); ++at)
                        if (time_.part[client_idx][at] >= from) {
                            sum += series[pair][client_idx][at];
                            ++count;
                        }
                    const double mean = count > 0 ? sum / count : 0;
                    if (from == 0 && mean > best[0]) {
                        second = best[0];
                        chosen = pair;
                    } else if (from == 0) {
                        second = std::max(second, mean);
                    }
                    best[from] = std::max(best[from], mean);
                }
            }
            const bool any = k > 1;
            rows[client_idx].push_back(best[0]);
            rows[client_idx].push_back(*std::max_element(best.begin(), best.end()));
            rows[client_idx].push_back(best[0] - second);
            rows[client_idx].push_back(any ? highest_quarter(series[chosen][client_idx]) : 0);
            std::vector<double> means;
            for (std::size_t other = 0; any && other < out_.size(); ++other)
                means.push_back(mean_of(series[chosen][other]));
            const std::vector<double> against = any ? robust_z(means, crowd_of(means, level_floor)) : means;
            rows[client_idx].push_back(any ? held(against[client_idx], widest_level) : 0);
            // The same at the pair that the shipped models themselves confuse most.
            std::vector<double> named;
            for (std::size_t other = 0; any && other < out_.size(); ++other)
                named.push_back(mean_of(series[worst][other]));
            const std::vector<double> levels = any ? robust_z(named, crowd_of(named, level_floor)) : named;
            rows[client_idx].push_back(any ? named[client_idx] : 0);
            rows[client_idx].push_back(any ? held(levels[client_idx], widest_level) : 0);
            rows[client_idx].push_back(any ? highest_quarter(series[worst][client_idx]) : 0);
            rows[client_idx].push_back(any ? mistake_of(worst) : 0);
            if (!any) continue;
            out_[client_idx].confusion_z = series[chosen][client_idx];
            out_[client_idx].pair = {classes_[chosen / k], classes_[chosen % k]};
        }
    }

    void add_trace()
    {
        std::vector<std::vector<double>> rows(out_.size());
        const auto beyond = [](const ProbeRound& round) {
            std::vector<double> values = round.trace;
            for (std::size_t idx = 0; idx < values.size(); ++idx) values[idx] -= round.trace_control[idx];
            return values;
        };
        const Series excess = z_of(beyond, trace_floor);
        const Series plain = z_of([](const ProbeRound& round) { return round.trace; }, trace_floor);
        add_series(excess, time_, rows);
        add_series(plain, time_, rows);
        std::vector<double> sums(out_.size(), 0.0), excess_sums(out_.size(), 0.0), counts(out_.size(), 0.0);
        for (const ProbeRound& round : rounds_)
            for (std::size_t idx = 0; idx < round.clients.size(); ++idx) {
                const std::size_t place = places_.at(round.clients[idx]);
                sums[place] += held(round.trace[idx], 20);
                excess_sums[place] += held(round.trace[idx] - round.trace_control[idx], 20);
                ++counts[place];
            }
        std::vector<double> trace_means, controls;
        for (std::size_t place = 0; place < out_.size(); ++place) {
            rows[place].push_back(sums[place] / std::max(1.0, counts[place]));
            rows[place].push_back(excess_sums[place] / std::max(1.0, counts[place]));
            trace_means.push_back(sums[place] / std::max(1.0, counts[place]));
            controls.push_back((sums[place] - excess_sums[place]) / std::max(1.0, counts[place]));
        }
        const std::vector<double> left = without_trend(trace_means, controls);
        const std::vector<double> levels = robust_z(left, crowd_of(left, 0.1));
        for (std::size_t place = 0; place < out_.size(); ++place) {
            rows[place].push_back(held(left[place], 20));
            rows[place].push_back(held(levels[place], widest_level));
        }
        // How far the client's own models answered as the attacker wants, and beyond the ordinary client's.
        const Series after = z_of([](const ProbeRound& round) { return round.trace_after; }, 0.05);
        for (std::size_t place = 0; place < out_.size(); ++place) {
            std::vector<double> all;
            for (const ProbeRound& round : rounds_)
                for (std::size_t idx = 0; idx < round.clients.size(); ++idx)
                    if (round.clients[idx] == out_[place].client) all.push_back(round.trace_after[idx]);
            rows[place].push_back(mean_of(all));
            rows[place].push_back(highest_quarter(all));
            rows[place].push_back(mean_of(after[place]));
        }
        const bool has_near = !rounds_.front().trace_near.empty();
        const auto beyond_near = [](const ProbeRound& round) {
            std::vector<double> values = round.trace;
            for (std::size_t idx = 0; idx < values.size(); ++idx) values[idx] -= round.trace_near[idx];
            return values;
        };
        if (has_near) add_series(z_of(beyond_near, trace_floor), time_, rows);
        for (std::size_t place = 0; place < out_.size(); ++place) {
            if (!has_near) rows[place].insert(rows[place].end(), 3, 0.0);
            double near = 0;
            for (const ProbeRound& round : rounds_)
                for (std::size_t idx = 0; has_near && idx < round.clients.size(); ++idx)
                    if (round.clients[idx] == out_[place].client)
                        near += held(round.trace[idx] - round.trace_near[idx], 20);
            rows[place].push_back(has_near ? near / std::max(1.0, counts[place]) : 0.0);
            out_[place].trace = std::move(rows[place]);
            out_[place].trace_z = excess[place];
        }
    }

    const std::vector<ProbeRound>& rounds_;
    const std::vector<std::int32_t>& classes_;
    std::map<model::ClientId, std::size_t> places_;
    std::vector<ProbeFeatures> out_;
    Time time_;
};

}  // namespace

const std::vector<std::string>& probe_feature_names()
{
    static const std::vector<std::string> names{
        "loss.level",        "loss.window",    "loss.high",        "noise.level",     "noise.window",
        "noise.high",        "confusion.mean", "confusion.window", "confusion.ahead", "confusion.high",
        "confusion.against", "worst.mean",     "worst.level",      "worst.high",      "worst.mistakes"};
    return names;
}

const std::vector<std::string>& trace_feature_names()
{
    static const std::vector<std::string> names{
        "excess.level", "excess.window", "excess.high", "trace.level", "trace.window", "trace.high",
        "trace.value",  "excess.value",  "left.value",  "left.level",  "after.mean",   "after.high",
        "after.z",      "near.level",    "near.window", "near.high",   "near.value"};
    return names;
}

std::vector<ProbeFeatures> probe_features(const std::vector<ProbeRound>& rounds,
                                          const std::vector<std::int32_t>& classes)
{
    return Gathered(rounds, classes).take();
}

}  // namespace fedsleuth::analysis
