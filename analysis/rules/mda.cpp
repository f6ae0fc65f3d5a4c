// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/example_weights.h"
#include "analysis/rules/parameters.h"
#include "analysis/rules/rules.h"
#include "analysis/rules/subset_search.h"

#include <limits>

namespace fedsleuth::analysis {
namespace {

constexpr std::size_t always_exact = 20;  ///< updates
constexpr std::size_t often_exact = 256;
constexpr std::size_t words_looked_at = 4'000'000;  ///< in the search, beyond that: some milliseconds

class Mda final : public WeightRule {
public:
    [[nodiscard]] const RuleInfo& info() const override
    {
        static const RuleInfo info{
            .name = "mda",
            .title = "Minimum-diameter averaging (MDA)",
            .meaning =
                "The mean of the n − f updates that lie closest together, as told by the largest distance among them. "
                "Exact for up to 20 updates, and beyond as long as the search stays short; else the neighbourhood of "
                "one update, at most twice as wide. It says which.",
            .paper =
                "El Mhamdi, Guerraoui, Guirguis, Hoang, Rouault, Genuinely Distributed Byzantine Machine Learning, "
                "PODC 2020, section 3.1",
            .breakdown = "f malicious clients of n > 2f",
            .parameters = {f_parameter()},
            .variants = {"paper", "byzfl"},
        };
        return info;
    }

    [[nodiscard]] model::Result<RuleWeights> weights(const RoundGeometry& round,
                                                     const RuleSettings& settings) const override
    {
        FEDSLEUTH_TRY(const RuleSettings completed, complete(info(), settings));
        FEDSLEUTH_CHECK(need_updates(round.n, info().name));
        const std::size_t n = round.n;
        RuleWeights result;
        FEDSLEUTH_TRY(const std::size_t f, assumed_f(n, (n - 1) / 2, completed, info().name, result.notes));
        const std::size_t limit = n <= always_exact  ? std::numeric_limits<std::size_t>::max()
                                  : n <= often_exact ? words_looked_at / (n * (n / 64 + 1))
                                                     : 0;
        Subset subset = least_diameter(squared_distances(round), n, n - f, limit);
        result.notes.emplace_back(subset.exact ? "The subset of least diameter, by exact search."
                                               : "Too many updates for the exact search: the tightest neighbourhood "
                                                 "of one update, at most twice as wide as the best subset.");
        result.selected = std::move(subset.members);
        result.weights = equal_weights(n, result.selected);
        return result;
    }
};

}  // namespace

const WeightRule& mda_rule()
{
    static const Mda rule;
    return rule;
}

}  // namespace fedsleuth::analysis
