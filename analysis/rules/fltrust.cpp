// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/parameters.h"
#include "analysis/rules/rules.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace fedsleuth::analysis {
namespace {

class FLTrust final : public WeightRule {
public:
    [[nodiscard]] const RuleInfo& info() const override
    {
        static const RuleInfo info{
            .name = "fltrust",
            .title = "FLTrust",
            .meaning =
                "Each update counts by its cosine to the server's own update of the round, negative ones not at all, "
                "and "
                "is brought to the length of that. Needs the server's update (reference). Where nobody is trusted the "
                "step is zero (flpoison: the plain mean of the rescaled updates).",
            .paper =
                "Cao, Fang, Liu, Gong, FLTrust: Byzantine-robust Federated Learning via Trust Bootstrapping, NDSS "
                "2021, algorithm 2; sums and norms are guarded by 1e-9 as in the authors' later code",
            .breakdown = "any number of malicious clients, as far as the server's own data tell their direction",
            .parameters = {},
            .variants = {"paper", "flpoison"},
            .inputs = {RuleInput::reference},
        };
        return info;
    }

    [[nodiscard]] model::Result<RuleWeights> weights(const RoundGeometry& round,
                                                     const RuleSettings& settings) const override
    {
        FEDSLEUTH_TRY(const RuleSettings completed, complete(info(), settings));
        FEDSLEUTH_CHECK(need_updates(round.n, info().name));
        if (!round.reference)
            return model::fail(model::ErrorCode::not_applicable, "The server's own update of the round is not known",
                               "fltrust", "it needs a reference update");
        constexpr double guard = 1e-9;
        const double length = std::sqrt(std::max(0.0, round.reference->square));
        const std::vector<double> norms = norms_of(round);
        RuleWeights result;
        double total = 0;
        for (std::size_t client_idx = 0; client_idx < round.n; ++client_idx) {
            const double cosine =
                round.reference->products[client_idx] / (length + guard) / (norms[client_idx] + guard);
            result.weights.push_back(std::max(0.0, cosine));
            result.scores.push_back(1.0 - cosine);
            total += result.weights.back();
        }
        if (total == 0.0) result.notes.emplace_back("No update points the way of the server's own: nobody is trusted.");
        if (total == 0.0 && completed.variant == "flpoison") {
            result.weights.assign(round.n, 1.0);
            total = static_cast<double>(round.n);
        }
        for (std::size_t client_idx = 0; client_idx < round.n; ++client_idx) {
            if (result.weights[client_idx] > 0.0) result.selected.push_back(client_idx);
            result.clip_factors.push_back(length / (norms[client_idx] + guard));
            result.weights[client_idx] *= result.clip_factors.back() / (total + guard);
        }
        return result;
    }
};

}  // namespace

const WeightRule& fltrust_rule()
{
    static const FLTrust rule;
    return rule;
}

}  // namespace fedsleuth::analysis
