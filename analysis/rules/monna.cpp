// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/example_weights.h"
#include "analysis/rules/parameters.h"
#include "analysis/rules/rules.h"

#include <algorithm>

namespace fedsleuth::analysis {
namespace {

class Monna final : public WeightRule {
public:
    [[nodiscard]] const RuleInfo& info() const override
    {
        static const RuleInfo info{
            .name = "monna",
            .title = "Nearest-neighbour averaging (MoNNA)",
            .meaning =
                "The mean of the n − f updates nearest to that of one client who is trusted, its own among them: what "
                "that client would have taken from the others where everyone aggregates for themselves.",
            .paper =
                "Farhadkhani, Guerraoui, Gupta, Hoang, Pinot, Stephan, Robust Collaborative Learning with Linear "
                "Gradient Overhead, ICML 2023, algorithm 1",
            .breakdown = "f malicious clients of n > 2f, where the trusted one is honest",
            .parameters = {f_parameter(),
                           {.name = "pivot",
                            .meaning = "Place of the client that is trusted, counted from 0",
                            .minimum = 0,
                            .maximum = 1e6,
                            .standard = 0,
                            .integer = true}},
            .variants = {"paper", "byzfl"},
        };
        return info;
    }

    [[nodiscard]] model::Result<RuleWeights> weights(const RoundGeometry& round,
                                                     const RuleSettings& settings) const override
    {
        FEDSLEUTH_TRY(const RuleSettings completed, complete(info(), settings));
        FEDSLEUTH_CHECK(need_updates(round.n, info().name));
        RuleWeights result;
        FEDSLEUTH_TRY(const std::size_t f, assumed_f(round.n, (round.n - 1) / 2, completed, info().name, result.notes));
        const auto pivot = static_cast<std::size_t>(completed.values.at("pivot"));
        if (pivot >= round.n)
            return model::fail(
                model::ErrorCode::not_applicable,
                "There is no client at place " + std::to_string(pivot) + " among " + std::to_string(round.n), "monna");
        const std::vector<double> distances = squared_distances(round);
        const auto row = distances.begin() + static_cast<std::ptrdiff_t>(pivot * round.n);
        result.scores.assign(row, row + static_cast<std::ptrdiff_t>(round.n));
        result.selected = everyone(round.n);
        std::stable_sort(result.selected.begin(), result.selected.end(),
                         [&](std::size_t a, std::size_t b) { return result.scores[a] < result.scores[b]; });
        result.selected.resize(round.n - f);
        result.weights = equal_weights(round.n, result.selected);
        return result;
    }
};

}  // namespace

const WeightRule& monna_rule()
{
    static const Monna rule;
    return rule;
}

}  // namespace fedsleuth::analysis
