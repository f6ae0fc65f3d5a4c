// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/fedavg.h"

#include "analysis/rules/example_weights.h"

#include <numeric>

namespace fedsleuth::analysis {

const RuleInfo& FedAvg::info() const
{
    static const RuleInfo info{
        .name = "fedavg",
        .title = "Federated averaging",
        .meaning =
            "The mean of all updates, weighted by the number of examples that each client reports. One client can "
            "move it anywhere.",
        .paper =
            "McMahan et al., Communication-Efficient Learning of Deep Networks from Decentralized Data, AISTATS 2017, "
            "algorithm 1",
        .breakdown = "none: a single malicious client decides the result",
        .parameters = {},
        .variants = {"paper"},
        .by_weights = true,
    };
    return info;
}

model::Result<RuleWeights> FedAvg::weights(const RoundGeometry& round, const RuleSettings& settings) const
{
    FEDSLEUTH_CHECK(complete(info(), settings));
    if (round.n == 0) return model::fail(model::ErrorCode::not_applicable, "There is no update to average", "fedavg");
    RuleWeights result;
    std::vector<std::size_t> everyone(round.n);
    std::iota(everyone.begin(), everyone.end(), std::size_t{0});
    FEDSLEUTH_TRY(result.weights, example_weights(round, everyone, "fedavg"));
    return result;
}

}  // namespace fedsleuth::analysis
