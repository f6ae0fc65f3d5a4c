// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/multi_krum.h"

#include "analysis/rules/example_weights.h"
#include "analysis/rules/krum_scores.h"

#include <algorithm>

namespace fedsleuth::analysis {
namespace {

std::size_t usual_keep(std::size_t n, std::size_t f, const std::string& variant)
{
    if (variant == "byzfl") return n - f;
    return n > f + 2 ? n - f - 2 : 1;
}

}  // namespace

const RuleInfo& MultiKrum::info() const
{
    static const RuleInfo info{
        .name = "multi-krum",
        .title = "Multi-Krum",
        .meaning =
            "The mean of the updates whose nearest neighbours are closest. Variants: paper keeps n − f − 2 and weights "
            "them equally; flower weights them by their examples; byzfl scores over n − f − 1 neighbours and keeps "
            "n − f, weighted equally.",
        .paper =
            "Blanchard, El Mhamdi, Guerraoui, Stainer, Machine Learning with Adversaries: Byzantine Tolerant Gradient "
            "Descent, NeurIPS 2017, section 4 (Multi-Krum)",
        .breakdown = "f malicious clients of n > 2f + 2, where honest updates resemble each other and keep ≤ n − f − 2",
        .parameters = {krum_f(),
                       {.name = "keep",
                        .meaning = "Updates to average. Where it is not given: n − f − 2, at least 1 (byzfl: n − f)",
                        .minimum = 1,
                        .maximum = 1e6,
                        .standard = std::nullopt,
                        .integer = true}},
        .variants = {"paper", "flower", "byzfl"},
        .by_weights = true,
    };
    return info;
}

model::Result<RuleWeights> MultiKrum::weights(const RoundGeometry& round, const RuleSettings& settings) const
{
    FEDSLEUTH_TRY(const RuleSettings completed, complete(info(), settings));
    FEDSLEUTH_TRY(KrumScores scored, krum_scores(round, completed, info().name));
    std::size_t keep = usual_keep(round.n, scored.f, completed.variant);
    if (const auto given = completed.values.find("keep"); given != completed.values.end())
        keep = static_cast<std::size_t>(given->second);
    if (keep > round.n && completed.variant == "flower") {
        // Flower slices the ranking from n − keep on, and a negative start counts from the end.
        const std::size_t kept = std::min(round.n, keep - round.n);
        scored.notes.push_back("More than the " + std::to_string(round.n) + " updates to keep: Flower then keeps " +
                               std::to_string(kept) + ".");
        keep = kept;
    }
    if (keep > round.n)
        return model::fail(model::ErrorCode::not_applicable,
                           "It cannot keep " + std::to_string(keep) + " of " + std::to_string(round.n) + " updates",
                           std::string(info().name));
    RuleWeights result;
    result.selected.assign(scored.ranking.begin(), scored.ranking.begin() + static_cast<std::ptrdiff_t>(keep));
    if (completed.variant == "flower") {
        FEDSLEUTH_TRY(result.weights, example_weights(round, result.selected, info().name));
    } else {
        result.weights = equal_weights(round.n, result.selected);
    }
    result.scores = std::move(scored.scores);
    result.notes = std::move(scored.notes);
    return result;
}

}  // namespace fedsleuth::analysis
