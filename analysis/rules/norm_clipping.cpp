// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/example_weights.h"
#include "analysis/rules/parameters.h"
#include "analysis/rules/rules.h"
#include "model/text.h"

namespace fedsleuth::analysis {
namespace {

class NormClipping final : public WeightRule {
public:
    [[nodiscard]] const RuleInfo& info() const override
    {
        static const RuleInfo info{
            .name = "norm-clipping",
            .title = "Norm clipping",
            .meaning =
                "The mean, weighted by examples, of the updates shortened to a norm. Stops scaled updates (model "
                "replacement), not a backdoor that keeps its norm.",
            .paper = "Sun, Kairouz, Suresh, McMahan, Can You Really Backdoor Federated Learning?, 2019, section 4",
            .breakdown = "none in number, but one client moves the result by no more than its weight × radius",
            .parameters = {{.name = "radius",
                            .meaning = "L2 norm that no update may exceed. Where it is not given: the median of the "
                                       "updates' norms",
                            .minimum = 0,
                            .maximum = 1e300,
                            .standard = std::nullopt}},
            .variants = {"paper"},
            .inputs = {RuleInput::examples},
        };
        return info;
    }

    [[nodiscard]] model::Result<RuleWeights> weights(const RoundGeometry& round,
                                                     const RuleSettings& settings) const override
    {
        FEDSLEUTH_TRY(const RuleSettings completed, complete(info(), settings));
        FEDSLEUTH_CHECK(need_updates(round.n, info().name));
        RuleWeights result;
        FEDSLEUTH_TRY(result.weights, example_weights(round, everyone(round.n), info().name));
        result.scores = norms_of(round);
        const double radius = value_or(completed, "radius", median_of(result.scores));
        std::size_t clipped = 0;
        for (std::size_t client_idx = 0; client_idx < round.n; ++client_idx) {
            const double norm = result.scores[client_idx];
            clipped += norm > radius ? 1 : 0;
            result.clip_factors.push_back(norm > radius ? radius / norm : 1.0);
            result.weights[client_idx] *= result.clip_factors.back();
        }
        result.notes.push_back("Shortens " + std::to_string(clipped) + " of " + std::to_string(round.n) +
                               " updates to norm " + model::short_number(radius, 4) + ".");
        return result;
    }
};

}  // namespace

const WeightRule& norm_clipping_rule()
{
    static const NormClipping rule;
    return rule;
}

}  // namespace fedsleuth::analysis
