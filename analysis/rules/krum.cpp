// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/krum.h"

#include "analysis/rules/example_weights.h"
#include "analysis/rules/krum_scores.h"

namespace fedsleuth::analysis {

const RuleInfo& Krum::info() const
{
    static const RuleInfo info{
        .name = "krum",
        .title = "Krum",
        .meaning =
            "One client's update, the one whose nearest neighbours are closest: what no crowd stands around is left "
            "out. Attackers that send near-copies of each other make such a crowd. Variants: paper sums the squared "
            "distances to n − f − 2 neighbours; flower to at least one; byzfl takes the mean over n − f − 1.",
        .paper =
            "Blanchard, El Mhamdi, Guerraoui, Stainer, Machine Learning with Adversaries: Byzantine Tolerant Gradient "
            "Descent, NeurIPS 2017, section 4",
        .breakdown = "f malicious clients of n > 2f + 2, where honest updates resemble each other",
        .parameters = {krum_f()},
        .variants = {"paper", "flower", "byzfl"},
        .by_weights = true,
    };
    return info;
}

model::Result<RuleWeights> Krum::weights(const RoundGeometry& round, const RuleSettings& settings) const
{
    FEDSLEUTH_TRY(const RuleSettings completed, complete(info(), settings));
    FEDSLEUTH_TRY(KrumScores scored, krum_scores(round, completed, info().name));
    RuleWeights result;
    result.selected = {scored.ranking.front()};
    result.weights = equal_weights(round.n, result.selected);
    result.scores = std::move(scored.scores);
    result.notes = std::move(scored.notes);
    return result;
}

}  // namespace fedsleuth::analysis
