// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/example_weights.h"
#include "analysis/rules/numpy_random.h"
#include "analysis/rules/parameters.h"
#include "analysis/rules/rules.h"
#include "analysis/rules/sign_clusters.h"
#include "model/text.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace fedsleuth::analysis {
namespace {

/// Shares of positive, zero and negative values in a window of coordinates, n × 3.
model::Result<std::vector<double>> window_signs(const CoordinateSample& sample, std::size_t n, std::int64_t first,
                                                std::int64_t count)
{
    constexpr std::int64_t block = 4096;
    std::vector<double> counts(3 * n, 0.0);
    for (std::int64_t done = 0; done < count; done += block) {
        std::vector<std::int64_t> coords(static_cast<std::size_t>(std::min(block, count - done)));
        std::iota(coords.begin(), coords.end(), first + done);
        FEDSLEUTH_TRY(const std::vector<double> values, sample.values(coords));
        for (std::size_t client_idx = 0; client_idx < n; ++client_idx)
            for (std::size_t place = 0; place < coords.size(); ++place) {
                const double value = values[client_idx * coords.size() + place];
                counts[3 * client_idx + (value > 0 ? 0 : value < 0 ? 2 : 1)] += 1.0;
            }
    }
    for (double& value : counts) value /= static_cast<double>(count);
    return counts;
}

/// Each share divided by the largest of its kind, in float32 as the implementations do.
std::vector<float> features_of(const std::vector<double>& shares, std::size_t n)
{
    std::vector<float> features(shares.begin(), shares.end());
    for (std::size_t kind = 0; kind < 3; ++kind) {
        float largest = 0;
        for (std::size_t client_idx = 0; client_idx < n; ++client_idx)
            largest = std::max(largest, features[3 * client_idx + kind]);
        for (std::size_t client_idx = 0; client_idx < n; ++client_idx)
            features[3 * client_idx + kind] /= largest + 1e-8F;
    }
    return features;
}

/// The label that most points have, the lowest among equals; −1 where there is no cluster.
int largest_label(const std::vector<int>& labels)
{
    std::map<int, std::size_t> sizes;
    for (const int label : labels)
        if (label >= 0) ++sizes[label];
    int largest = -1;
    for (const auto& [label, size] : sizes)
        if (largest < 0 || size > sizes[largest]) largest = label;
    return largest;
}

class SignGuard final : public WeightRule {
public:
    [[nodiscard]] const RuleInfo& info() const override
    {
        static const RuleInfo info{
            .name = "signguard",
            .title = "SignGuard",
            .meaning =
                "Keeps the updates whose norm lies between a tenth and three times the median norm and whose shares of "
                "positive, zero and negative values fall into the largest cluster; shortens them to the median norm "
                "and "
                "averages. Stops sign flips and noise, not backdoors or label flips. Looks at the signs of all "
                "coordinates unless a window is set. Variants: paper clusters by mean shift and clips to the lower "
                "middle "
                "norm, as the authors' code; flpoison by DBSCAN (0.05, 3), to the mean of the middle norms.",
            .paper =
                "Xu, Huang, Song, Lan, Byzantine-robust Federated Learning through Collaborative Malicious Gradient "
                "Filtering, ICDCS 2022, algorithm 2",
            .breakdown = "fewer than half of the clients, where the attack shows in norms or signs",
            .parameters = {{.name = "window",
                            .meaning = "Share of the coordinates whose signs count, in one run. Where it is not given: "
                                       "all, or a tenth where start is set (the paper draws a tenth)",
                            .minimum = 0,
                            .maximum = 1,
                            .standard = std::nullopt},
                           {.name = "start",
                            .meaning = "First coordinate of the window. Where it is not given it is drawn by the seed",
                            .minimum = 0,
                            .maximum = 1e15,
                            .standard = std::nullopt,
                            .integer = true}},
            .variants = {"paper", "flpoison"},
            .inputs = {RuleInput::signs},
        };
        return info;
    }

    [[nodiscard]] model::Result<RuleWeights> weights(const RoundGeometry& round,
                                                     const RuleSettings& settings) const override
    {
        FEDSLEUTH_TRY(const RuleSettings completed, complete(info(), settings));
        FEDSLEUTH_CHECK(need_updates(round.n, info().name));
        const bool flpoison = completed.variant == "flpoison";
        RuleWeights result;
        FEDSLEUTH_TRY(const std::vector<double> shares, sign_shares(round, completed, result.notes));
        const std::vector<float> features = features_of(shares, round.n);
        const std::vector<int> labels = flpoison ? dbscan(features, round.n, 0.05, 3) : mean_shift(features, round.n);
        const int majority = largest_label(labels);
        const std::vector<double> norms = norms_of(round);
        const double middle = median_of(norms);
        const double bound = flpoison ? middle : lower_median_of(norms);
        result.clip_factors.assign(round.n, 1.0);
        for (std::size_t client_idx = 0; client_idx < round.n; ++client_idx) {
            const double norm = norms[client_idx];
            if (norm > bound) result.clip_factors[client_idx] = bound / norm;
            if (majority >= 0 && labels[client_idx] == majority && norm > 0.1 * middle && norm < 3.0 * middle)
                result.selected.push_back(client_idx);
        }
        result.weights = equal_weights(round.n, result.selected);
        for (const std::size_t client_idx : result.selected)
            result.weights[client_idx] *= result.clip_factors[client_idx];
        if (result.selected.empty()) result.notes.emplace_back("Nobody passes both tests: the step is zero.");
        result.notes.push_back("Keeps " + std::to_string(result.selected.size()) + " of " + std::to_string(round.n) +
                               " clients, shortened to norm " + model::short_number(bound, 4) + ".");
        return result;
    }

private:
    static model::Result<std::vector<double>> sign_shares(const RoundGeometry& round, const RuleSettings& settings,
                                                          std::vector<std::string>& notes)
    {
        const auto start = settings.values.find("start");
        const bool placed = start != settings.values.end();
        const double window = value_or(settings, "window", placed ? 0.1 : 1.0);
        if (round.sample == nullptr || (window == 1.0 && !placed && !round.signs.empty())) {
            if (round.signs.empty())
                return model::fail(model::ErrorCode::not_applicable, "The signs of these updates are not known",
                                   "signguard");
            if (window < 1.0)
                notes.emplace_back("Without a look at the coordinates it takes the signs of all of them.");
            return round.signs;
        }
        const std::int64_t d = round.sample->coordinates();
        const std::int64_t count =
            std::clamp<std::int64_t>(static_cast<std::int64_t>(window * static_cast<double>(d)), 1, d);
        std::int64_t first = 0;
        if (placed) {
            first = static_cast<std::int64_t>(start->second);
            if (first > d - count)
                return model::fail(model::ErrorCode::invalid_argument,
                                   "The window of " + std::to_string(count) + " coordinates from " +
                                       std::to_string(first) + " on leaves the " + std::to_string(d) +
                                       " that there are",
                                   "signguard");
        } else if (count < d) {
            NumpyRandom random(settings.seed);
            first = static_cast<std::int64_t>(random.uniform() * static_cast<double>(d - count + 1));
        }
        return window_signs(*round.sample, round.n, first, count);
    }
};

}  // namespace

const WeightRule& signguard_rule()
{
    static const SignGuard rule;
    return rule;
}

}  // namespace fedsleuth::analysis
