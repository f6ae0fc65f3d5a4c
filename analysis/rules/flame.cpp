// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/clustering/distances.h"
#include "analysis/clustering/hdbscan.h"
#include "analysis/rules/example_weights.h"
#include "analysis/rules/parameters.h"
#include "analysis/rules/rules.h"
#include "model/text.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace fedsleuth::analysis {
namespace {

/// 1 − cos of the models w + D_i where w is known, else of the updates; n × n. Made of the distances between the
/// updates,
/// (|a − b|² − (|a| − |b|)²) / (2 |a| |b|), so that models that differ little keep their digits. A vector of zeros is
/// at distance 1 from all others.
std::vector<double> cosine_distances_of(const RoundGeometry& round)
{
    const std::size_t n = round.n;
    // What of |w + D_i|² differs between clients, and the norms.
    std::vector<double> parts(n);
    std::vector<double> norms(n);
    for (std::size_t client_idx = 0; client_idx < n; ++client_idx) {
        parts[client_idx] = round.gram[client_idx * (n + 1)];
        if (round.model) parts[client_idx] += 2.0 * round.model->products[client_idx];
        norms[client_idx] = std::sqrt(std::max(0.0, parts[client_idx] + (round.model ? round.model->square : 0.0)));
    }
    std::vector<double> distances = squared_distances(round);
    for (std::size_t client_idx = 0; client_idx < n; ++client_idx)
        for (std::size_t other_idx = 0; other_idx < n; ++other_idx) {
            double& distance = distances[client_idx * n + other_idx];
            const double product = norms[client_idx] * norms[other_idx];
            if (client_idx == other_idx) {
                distance = 0;
            } else if (product == 0.0) {
                distance = 1;
            } else {
                const double longer = (parts[client_idx] - parts[other_idx]) / (norms[client_idx] + norms[other_idx]);
                distance = std::clamp((distance - longer * longer) / (2.0 * product), 0.0, 2.0);
            }
        }
    return distances;
}

/// The largest cluster, the first among equals; empty where all is noise.
std::vector<std::size_t> largest_cluster(const std::vector<int>& labels)
{
    std::map<int, std::vector<std::size_t>> members;
    for (std::size_t client_idx = 0; client_idx < labels.size(); ++client_idx)
        if (labels[client_idx] >= 0) members[labels[client_idx]].push_back(client_idx);
    std::vector<std::size_t> largest;
    for (auto& [label, cluster] : members)
        if (cluster.size() > largest.size()) largest = cluster;
    return largest;
}

class Flame final : public WeightRule {
public:
    [[nodiscard]] const RuleInfo& info() const override
    {
        static const RuleInfo info{
            .name = "flame",
            .title = "FLAME",
            .meaning =
                "HDBSCAN on the angles between the local models keeps the one cluster with more than half of the "
                "clients; its updates are shortened to the median norm and averaged; noise may be added. Looks at the "
                "updates where the model that they started from is not known. Honest minorities are dropped with the "
                "rest. Variants: paper; flbyz clips to the lower middle norm for even n, and keeps everyone where it "
                "finds no cluster; zhmzm clusters the rows of the distance matrix, and shortens updates by each "
                "other's norms.",
            .paper =
                "Nguyen et al., FLAME: Taming Backdoors in Federated Learning, USENIX Security 2022, algorithm 1; "
                "norms are guarded by 1e-6 as in FLPoison",
            .breakdown = "fewer than half of the clients, where the honest ones point the same way",
            .parameters = {{.name = "noise",
                            .meaning = "Standard deviation of the Gaussian noise on each coordinate, in units of the "
                                       "median norm",
                            .minimum = 0,
                            .maximum = 1e300,
                            .standard = 0}},
            .variants = {"paper", "flbyz", "zhmzm"},
            .inputs = {RuleInput::model},
        };
        return info;
    }

    [[nodiscard]] model::Result<RuleWeights> weights(const RoundGeometry& round,
                                                     const RuleSettings& settings) const override
    {
        FEDSLEUTH_TRY(const RuleSettings completed, complete(info(), settings));
        FEDSLEUTH_CHECK(need_updates(round.n, info().name));
        const std::string& variant = completed.variant;
        RuleWeights result;
        FEDSLEUTH_TRY(result.selected, kept(round, variant, result));
        const std::vector<double> norms = norms_of(round);
        const double bound = variant == "flbyz" ? lower_median_of(norms) : median_of(norms);
        const double guard = variant == "paper" ? 1e-6 : variant == "flbyz" ? 1e-10 : 0.0;
        result.weights = equal_weights(round.n, result.selected);
        result.clip_factors.assign(round.n, 1.0);
        for (std::size_t place = 0; place < result.selected.size(); ++place) {
            const std::size_t client_idx = result.selected[place];
            const double norm = norms[variant == "zhmzm" ? place : client_idx] + guard;
            result.clip_factors[client_idx] = norm > bound ? bound / norm : 1.0;
            result.weights[client_idx] *= result.clip_factors[client_idx];
        }
        result.noise_deviation = completed.values.at("noise") * bound;
        result.notes.push_back("Keeps " + std::to_string(result.selected.size()) + " of " + std::to_string(round.n) +
                               " clients, shortened to norm " + model::short_number(bound, 4) + ".");
        if (!round.model)
            result.notes.emplace_back("The model of the round before is not known: it compares the updates.");
        return result;
    }

private:
    static model::Result<std::vector<std::size_t>> kept(const RoundGeometry& round, const std::string& variant,
                                                        RuleWeights& result)
    {
        if (round.n == 1) return std::vector<std::size_t>{0};
        std::vector<double> distances = cosine_distances_of(round);
        if (variant == "zhmzm") distances = euclidean_distances(distances, round.n, round.n);
        HdbscanOptions options;
        options.min_cluster_size = round.n / 2 + 1;
        options.min_samples = 1;
        options.allow_single_cluster = true;
        FEDSLEUTH_TRY(Clustering clusters, hdbscan(distances, round.n, options));
        std::vector<std::size_t> members = largest_cluster(clusters.labels);
        if (members.empty()) {
            result.notes.emplace_back("There is no cluster of more than half of the clients.");
            if (variant != "paper") members = everyone(round.n);
        }
        result.scores = std::move(clusters.outlier_scores);
        return members;
    }
};

}  // namespace

const WeightRule& flame_rule()
{
    static const Flame rule;
    return rule;
}

}  // namespace fedsleuth::analysis
