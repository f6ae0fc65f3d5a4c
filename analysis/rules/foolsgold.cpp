// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/parameters.h"
#include "analysis/rules/rules.h"

#include <algorithm>
#include <cmath>

namespace fedsleuth::analysis {
namespace {

/// Cosines of all pairs, the diagonal set to 0; a history of zeros is similar to nobody.
std::vector<double> similarities(const std::vector<double>& gram, std::size_t n)
{
    std::vector<double> norms(n);
    for (std::size_t client_idx = 0; client_idx < n; ++client_idx)
        norms[client_idx] = std::sqrt(std::max(0.0, gram[client_idx * (n + 1)]));
    std::vector<double> cosines(n * n, 0.0);
    for (std::size_t client_idx = 0; client_idx < n; ++client_idx)
        for (std::size_t other_idx = 0; other_idx < n; ++other_idx) {
            const double product = norms[client_idx] * norms[other_idx];
            if (client_idx != other_idx && product > 0.0)
                cosines[client_idx * n + other_idx] = gram[client_idx * n + other_idx] / product;
        }
    return cosines;
}

/// The learning rate of each client out of the similarities (algorithm 1, from "pardoning" on).
std::vector<double> rates(std::vector<double> cosines, std::size_t n, double largest_guard, double logit_guard)
{
    std::vector<double> largest(n);
    const auto largest_of = [&](std::size_t client_idx) {
        const auto row = cosines.begin() + static_cast<std::ptrdiff_t>(client_idx * n);
        return *std::max_element(row, row + static_cast<std::ptrdiff_t>(n));
    };
    for (std::size_t client_idx = 0; client_idx < n; ++client_idx)
        largest[client_idx] = largest_of(client_idx) + largest_guard;
    for (std::size_t client_idx = 0; client_idx < n; ++client_idx)
        for (std::size_t other_idx = 0; other_idx < n; ++other_idx)
            if (largest[client_idx] < largest[other_idx])
                cosines[client_idx * n + other_idx] *= largest[client_idx] / largest[other_idx];
    std::vector<double> alphas(n);
    double top = 0;
    for (std::size_t client_idx = 0; client_idx < n; ++client_idx) {
        alphas[client_idx] = std::clamp(1.0 - largest_of(client_idx), 0.0, 1.0);
        top = std::max(top, alphas[client_idx]);
    }
    if (top == 0.0) return alphas;  // all histories are the same: nobody is heard
    for (double& alpha : alphas) {
        alpha /= top;
        if (alpha == 1.0) alpha = 0.99;
        alpha = std::clamp(std::log(alpha / (1.0 - alpha) + logit_guard) + 0.5, 0.0, 1.0);
    }
    return alphas;
}

class FoolsGold final : public WeightRule {
public:
    [[nodiscard]] const RuleInfo& info() const override
    {
        static const RuleInfo info{
            .name = "foolsgold",
            .title = "FoolsGold",
            .meaning =
                "Clients whose summed updates point the same way count less: sybils are alike, honest clients differ. "
                "Uses the history where there is one, else the round's updates. The result is the sum of the updates "
                "times their rates, not a mean. Fails against a single attacker, and punishes honest clients with like "
                "data. Variants: paper guards with 1e-5 (the authors' first code), deep-fg with nothing (their "
                "second), "
                "flpoison with 1e-6.",
            .paper =
                "Fung, Yoon, Beschastnikh, The Limitations of Federated Learning in Sybil Settings, RAID 2020, "
                "algorithm 1",
            .breakdown = "any number of sybils, as long as honest clients differ",
            .parameters = {},
            .variants = {"paper", "deep-fg", "flpoison"},
            .inputs = {RuleInput::history},
        };
        return info;
    }

    [[nodiscard]] model::Result<RuleWeights> weights(const RoundGeometry& round,
                                                     const RuleSettings& settings) const override
    {
        FEDSLEUTH_TRY(const RuleSettings completed, complete(info(), settings));
        FEDSLEUTH_CHECK(need_updates(round.n, info().name));
        const double guard = completed.variant == "deep-fg" ? 0.0 : completed.variant == "flpoison" ? 1e-6 : 1e-5;
        const std::vector<double> cosines = similarities(round.history.empty() ? round.gram : round.history, round.n);
        RuleWeights result;
        result.weights = rates(cosines, round.n, guard, guard);
        for (std::size_t client_idx = 0; client_idx < round.n; ++client_idx) {
            const auto row = cosines.begin() + static_cast<std::ptrdiff_t>(client_idx * round.n);
            result.scores.push_back(*std::max_element(row, row + static_cast<std::ptrdiff_t>(round.n)));
        }
        if (round.history.empty()) result.notes.emplace_back("No history is known: it compares the round's updates.");
        if (std::all_of(result.weights.begin(), result.weights.end(), [](double weight) { return weight == 0.0; }))
            result.notes.emplace_back("All clients are alike to it: nobody gets a weight.");
        return result;
    }
};

}  // namespace

const WeightRule& foolsgold_rule()
{
    static const FoolsGold rule;
    return rule;
}

}  // namespace fedsleuth::analysis
