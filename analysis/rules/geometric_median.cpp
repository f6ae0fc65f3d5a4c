// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/example_weights.h"
#include "analysis/rules/parameters.h"
#include "analysis/rules/rules.h"
#include "analysis/rules/span_points.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace fedsleuth::analysis {
namespace {

/// How the iteration runs: the smoothed Weiszfeld algorithm in all variants.
struct Weiszfeld {
    std::vector<double> alphas;  ///< n, summing to 1
    double nu = 0;               ///< floor of a distance
    std::size_t iterations = 0;
    double tolerance = 0;  ///< relative fall of the objective at which it stops; 0: never
    bool from_origin = false;
};

class GeometricMedian final : public WeightRule {
public:
    [[nodiscard]] const RuleInfo& info() const override
    {
        static const RuleInfo info{
            .name = "geometric-median",
            .title = "Geometric median",
            .meaning =
                "The point with the least sum of distances to the updates, by a few steps of the smoothed Weiszfeld "
                "algorithm: far updates count in inverse proportion to their distance. Variants: paper starts at the "
                "mean weighted by examples and stops when the objective hardly falls any more (as RFA's authors do); "
                "byzfl starts at zero, weights equally and takes three steps, which is far from converged.",
            .paper =
                "Pillutla, Kakade, Harchaoui, Robust Aggregation for Federated Learning, IEEE Transactions on "
                "Signal Processing 2022, algorithm 2",
            .breakdown = "fewer than half of the clients (by weight)",
            .parameters = {{.name = "nu",
                            .meaning = "Distances below it count as it. Where it is not given: 1e-5 (byzfl: 0.1)",
                            .minimum = 1e-300,
                            .maximum = 1e300,
                            .standard = std::nullopt},
                           {.name = "iterations",
                            .meaning = "Steps at most. Where it is not given: 4 (byzfl: 3)",
                            .minimum = 0,
                            .maximum = 1e5,
                            .standard = std::nullopt,
                            .integer = true},
                           {.name = "tolerance",
                            .meaning =
                                "Stops when the objective changes by less than this share; 0: never. Where it is not "
                                "given: 1e-6 (byzfl: 0)",
                            .minimum = 0,
                            .maximum = 1,
                            .standard = std::nullopt}},
            .variants = {"paper", "byzfl"},
            .inputs = {RuleInput::examples},
        };
        return info;
    }

    [[nodiscard]] model::Result<RuleWeights> weights(const RoundGeometry& round,
                                                     const RuleSettings& settings) const override
    {
        FEDSLEUTH_TRY(const RuleSettings completed, complete(info(), settings));
        FEDSLEUTH_CHECK(need_updates(round.n, info().name));
        const bool byzfl = completed.variant == "byzfl";
        Weiszfeld how;
        how.nu = value_or(completed, "nu", byzfl ? 0.1 : 1e-5);
        how.iterations = static_cast<std::size_t>(value_or(completed, "iterations", byzfl ? 3 : 4));
        how.tolerance = value_or(completed, "tolerance", byzfl ? 0 : 1e-6);
        how.from_origin = byzfl;
        if (byzfl) {
            how.alphas.assign(round.n, 1.0 / static_cast<double>(round.n));
        } else {
            FEDSLEUTH_TRY(how.alphas, example_weights(round, everyone(round.n), info().name));
        }
        return iterate(round, how);
    }

private:
    static model::Result<RuleWeights> iterate(const RoundGeometry& round, const Weiszfeld& how)
    {
        const std::size_t n = round.n;
        const SpanPoints points(round, std::nullopt);
        std::vector<double> weights(n + 1, 0.0);  // the last one: of the origin
        if (how.from_origin)
            weights[n] = 1.0;
        else
            std::copy(how.alphas.begin(), how.alphas.end(), weights.begin());
        std::vector<double> distances = points.distances_to(weights);
        double objective = sum_of_distances(how.alphas, distances);
        std::size_t steps = 0;
        bool settled = false;
        while (steps < how.iterations && !settled) {
            double total = 0;
            weights[n] = 0;
            for (std::size_t client_idx = 0; client_idx < n; ++client_idx) {
                weights[client_idx] = how.alphas[client_idx] / std::max(how.nu, distances[client_idx]);
                total += weights[client_idx];
            }
            if (!(total > 0 && std::isfinite(total)))
                return model::fail(model::ErrorCode::invalid_argument,
                                   "The updates are so long that their distances leave the range of a float64",
                                   "geometric-median", "leave the longest out");
            for (double& weight : weights) weight /= total;
            distances = points.distances_to(weights);
            const double before = objective;
            objective = sum_of_distances(how.alphas, distances);
            settled = std::abs(before - objective) < how.tolerance * objective;
            ++steps;
        }
        RuleWeights result;
        weights.pop_back();
        distances.pop_back();
        result.weights = std::move(weights);
        result.scores = std::move(distances);
        result.notes.push_back(std::to_string(steps) + (steps == 1 ? " step" : " steps") +
                               (settled ? ", then the sum of distances had settled." : "."));
        return result;
    }

    static double sum_of_distances(const std::vector<double>& alphas, const std::vector<double>& distances)
    {
        return std::inner_product(alphas.begin(), alphas.end(), distances.begin(), 0.0);
    }
};

}  // namespace

const WeightRule& geometric_median_rule()
{
    static const GeometricMedian rule;
    return rule;
}

}  // namespace fedsleuth::analysis
