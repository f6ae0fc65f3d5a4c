// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/parameters.h"
#include "analysis/rules/rules.h"
#include "analysis/rules/span_points.h"
#include "model/text.h"

#include <algorithm>

namespace fedsleuth::analysis {
namespace {

class CentredClipping final : public WeightRule {
public:
    [[nodiscard]] const RuleInfo& info() const override
    {
        static const RuleInfo info{
            .name = "centred-clipping",
            .title = "Centred clipping",
            .meaning =
                "Starts at the previous step v (at zero where there is none) and moves by the mean of the updates' "
                "differences to it, each shortened to the radius: no client can pull further than radius / n. Stops "
                "attacks that build up over rounds; a radius that is too large stops nothing. Variants: byzfl's radius "
                "is 100 unless set.",
            .paper =
                "Karimireddy, He, Jaggi, Learning from History for Byzantine Robust Optimization, ICML 2021, "
                "section 4, equation 3",
            .breakdown = "fewer than half of the clients, where the radius is about the honest spread",
            .parameters = {{.name = "radius",
                            .meaning = "Longest difference to the centre that is not shortened. Where it is not given: "
                                       "the median of the differences at the start (byzfl: 100)",
                            .minimum = 0,
                            .maximum = 1e300,
                            .standard = std::nullopt},
                           {.name = "iterations",
                            .meaning = "Steps",
                            .minimum = 0,
                            .maximum = 1e5,
                            .standard = 1,
                            .integer = true}},
            .variants = {"paper", "byzfl"},
            .inputs = {RuleInput::previous},
        };
        return info;
    }

    [[nodiscard]] model::Result<RuleWeights> weights(const RoundGeometry& round,
                                                     const RuleSettings& settings) const override
    {
        FEDSLEUTH_TRY(const RuleSettings completed, complete(info(), settings));
        FEDSLEUTH_CHECK(need_updates(round.n, info().name));
        const std::size_t n = round.n;
        const SpanPoints points(round, round.previous);
        std::vector<double> weights(n + 1, 0.0);
        weights[n] = 1.0;
        std::vector<double> distances = points.distances_to(weights);
        const double standard =
            completed.variant == "byzfl" ? 100.0 : median_of({distances.begin(), distances.end() - 1});
        const double radius = value_or(completed, "radius", standard);
        RuleWeights result;
        result.clip_factors.assign(n, 1.0);
        const auto iterations = static_cast<std::size_t>(completed.values.at("iterations"));
        for (std::size_t step = 0; step < iterations; ++step) {
            if (step > 0) distances = points.distances_to(weights);
            double moved = 0;  // the share of the centre that the clients take over
            for (std::size_t client_idx = 0; client_idx < n; ++client_idx) {
                result.clip_factors[client_idx] = distances[client_idx] > radius ? radius / distances[client_idx] : 1.0;
                moved += result.clip_factors[client_idx] / static_cast<double>(n);
            }
            for (double& weight : weights) weight *= 1.0 - moved;
            for (std::size_t client_idx = 0; client_idx < n; ++client_idx)
                weights[client_idx] += result.clip_factors[client_idx] / static_cast<double>(n);
        }
        result.previous_weight = round.previous ? weights[n] : 0.0;
        weights.pop_back();
        result.weights = std::move(weights);
        distances.pop_back();
        result.scores = std::move(distances);
        result.notes.push_back(
            "Radius " + model::short_number(radius, 4) +
            (round.previous ? ", from the previous step." : ", from zero: no previous step is known."));
        return result;
    }
};

}  // namespace

const WeightRule& centred_clipping_rule()
{
    static const CentredClipping rule;
    return rule;
}

}  // namespace fedsleuth::analysis
