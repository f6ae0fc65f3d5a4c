// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/verdict/probe_features.h"

#include "analysis/detection/robust.h"
#include "analysis/verdict/series.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace fedsleuth::analysis {

namespace {

// The least spread that a round's crowd is credited with.
constexpr double loss_floor = 0.01;       // nats
constexpr double confusion_floor = 0.02;  // logits
constexpr double noise_floor = 0.02;      // nats

/// What the probe set says.
class ProbeSetFeatures {
public:
    ProbeSetFeatures(const ProbeSeries& series, const std::vector<std::int32_t>& classes)
        : series_(series), classes_(classes), rows_(series.size())
    {
    }

    /// Adds them to the clients, which are in the order of their places.
    void add_to(std::vector<ProbeFeatures>& clients)
    {
        series_.add_levels(series_.z_of([](const ProbeRound& round) { return round.loss; }, loss_floor), rows_);
        add_noise();
        add_confusion(clients);
        for (std::size_t place = 0; place < clients.size(); ++place) clients[place].probe = std::move(rows_[place]);
    }

private:
    /// Root mean square over the classes of the robust z of the answers to noise.
    void add_noise()
    {
        constexpr double odd_floor = 0.2;
        const auto odd = [](const ProbeRound& round) {
            const std::size_t n = round.clients.size(), classes = round.noise.size() / std::max<std::size_t>(1, n);
            std::vector<double> squares(n, 0.0), column(n);
            for (std::size_t c = 0; c < classes; ++c) {
                for (std::size_t idx = 0; idx < n; ++idx) column[idx] = round.noise[idx * classes + c];
                const std::vector<double> z = robust_z(column, crowd_of(column, noise_floor));
                for (std::size_t idx = 0; idx < n; ++idx)
                    squares[idx] += std::pow(held(z[idx], ProbeSeries::widest_z), 2);
            }
            for (double& square : squares)
                square = std::sqrt(square / static_cast<double>(std::max<std::size_t>(1, classes)));
            return squares;
        };
        series_.add_levels(series_.z_of(odd, odd_floor), rows_);
    }

    /// Pairs of classes, all on one scale: how far a client lies from the round's median at that pair, in units of how
    /// far the middle client and pair do.
    std::vector<ProbeNumbers> confusion_series() const
    {
        const std::size_t k = classes_.size(), pairs = k * k;
        std::vector<ProbeNumbers> series(pairs, ProbeNumbers(series_.size()));
        std::vector<double> column, absolute;
        for (const ProbeRound& round : series_.rounds()) {
            const std::size_t n = round.clients.size();
            std::vector<double> off(n * pairs, 0.0);
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
                        series[pair][series_.places().at(round.clients[idx])].push_back(
                            std::clamp(off[idx * pairs + pair] / scale, -ProbeSeries::widest_z, ProbeSeries::widest_z));
        }
        return series;
    }

    double mistake_of(std::size_t pair) const
    {
        double sum = 0;
        for (const ProbeRound& round : series_.rounds()) sum += round.mistakes[pair];
        return sum / static_cast<double>(series_.rounds().size());
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

    /// Means of a pair's series, and the same as levels against the other clients.
    struct PairMeans {
        std::vector<double> means, levels;
    };
    PairMeans means_of(const ProbeNumbers& pair) const
    {
        PairMeans out;
        for (const std::vector<double>& own : pair) out.means.push_back(held(mean_of(own), ProbeSeries::widest_z));
        out.levels = robust_z(out.means, crowd_of(out.means, ProbeSeries::level_floor));
        for (double& level : out.levels) level = held(level, ProbeSeries::widest_level);
        return out;
    }

    void add_confusion(std::vector<ProbeFeatures>& clients)
    {
        const std::size_t k = classes_.size();
        if (k < 2) {  // nothing to confuse
            for (std::vector<double>& row : rows_) row.resize(probe_feature_names().size(), 0.0);
            return;
        }
        const std::vector<ProbeNumbers> series = confusion_series();
        const std::size_t worst = worst_pair();
        const PairMeans at_worst = means_of(series[worst]);
        for (std::size_t client_idx = 0; client_idx < clients.size(); ++client_idx) {
            std::array<double, ProbeSeries::parts> best{};
            std::size_t chosen = 1;
            double second = 0;
            for (std::size_t pair = 0; pair < k * k; ++pair) {
                if (pair / k == pair % k) continue;
                for (std::size_t from = 0; from < best.size(); ++from) {
                    std::vector<double> late;
                    for (std::size_t at = 0; at < series[pair][client_idx].size(); ++at)
                        if (series_.part()[client_idx][at] >= from) late.push_back(series[pair][client_idx][at]);
                    const double mean = held(mean_of(late), ProbeSeries::widest_z);
                    if (from == 0 && mean > best[0]) {
                        second = best[0];
                        chosen = pair;
                    } else if (from == 0) {
                        second = std::max(second, mean);
                    }
                    best[from] = std::max(best[from], mean);
                }
            }
            std::vector<double>& row = rows_[client_idx];
            row.push_back(best[0]);
            row.push_back(*std::max_element(best.begin(), best.end()));
            row.push_back(best[0] - second);
            row.push_back(held(quarter_mean(series[chosen][client_idx], true), ProbeSeries::widest_z));
            row.push_back(means_of(series[chosen]).levels[client_idx]);
            // The same at the pair that the shipped models themselves confuse most.
            row.push_back(at_worst.means[client_idx]);
            row.push_back(at_worst.levels[client_idx]);
            row.push_back(held(quarter_mean(series[worst][client_idx], true), ProbeSeries::widest_z));
            row.push_back(mistake_of(worst));
            if (best[0] <= 0) continue;  // no pair stands out
            clients[client_idx].confusion_z = series[chosen][client_idx];
            clients[client_idx].pair = {classes_[chosen / k], classes_[chosen % k]};
        }
    }

    const ProbeSeries& series_;
    const std::vector<std::int32_t>& classes_;
    std::vector<std::vector<double>> rows_;
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

std::vector<ProbeFeatures> probe_features(const std::vector<ProbeRound>& rounds,
                                          const std::vector<std::int32_t>& classes)
{
    const ProbeSeries series(rounds);
    std::vector<ProbeFeatures> clients(series.size());
    for (const auto& [client, place] : series.places()) clients[place].client = client;
    for (const ProbeRound& round : rounds)
        for (const model::ClientId& client : round.clients)
            clients[series.places().at(client)].rounds.push_back(round.round);
    if (!rounds.empty() && !rounds.front().loss.empty()) ProbeSetFeatures(series, classes).add_to(clients);
    if (!rounds.empty() && !rounds.front().trace.rise.empty()) {
        std::vector<std::vector<double>> rows = trace_features(series);
        const ProbeNumbers z = trace_z(series);
        for (std::size_t place = 0; place < clients.size(); ++place) {
            clients[place].trace = std::move(rows[place]);
            clients[place].trace_z = z[place];
        }
    }
    return clients;
}

}  // namespace fedsleuth::analysis
