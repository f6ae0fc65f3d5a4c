// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/example_weights.h"
#include "analysis/rules/parameters.h"
#include "analysis/rules/rules.h"
#include "analysis/rules/spectrum.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace fedsleuth::analysis {
namespace {

constexpr double most_subsets = 50'000;
constexpr double moments_work = 1e8;  ///< subsets × (n − f)³: up to a tenth of a second

double subsets(std::size_t n, std::size_t f)
{
    double count = 1;
    for (std::size_t k = 0; k < f; ++k) count *= static_cast<double>(n - k) / static_cast<double>(k + 1);
    return count;
}

/// The next subset in lexicographic order; false after the last.
bool next_subset(std::vector<std::size_t>& members, std::size_t n)
{
    const std::size_t k = members.size();
    for (std::size_t place = k; place-- > 0;) {
        if (members[place] == n - k + place) continue;
        ++members[place];
        for (std::size_t later = place + 1; later < k; ++later) members[later] = members[later - 1] + 1;
        return true;
    }
    return false;
}

class Smea final : public WeightRule {
public:
    [[nodiscard]] const RuleInfo& info() const override
    {
        static const RuleInfo info{
            .name = "smea",
            .title = "Smallest maximum eigenvalue averaging (SMEA)",
            .meaning =
                "The mean of the n − f updates whose largest variance in any direction is least: every subset is "
                "tried, "
                "so that it is for few malicious clients only (up to 50,000 subsets). Variants: paper finds the "
                "variance exactly; byzfl takes one step of a power iteration from a vector, which has to be given as "
                "the previous one.",
            .paper =
                "Allouah, Guerraoui, Gupta, Pinot, Stephan, On the Privacy-Robustness-Utility Trilemma in "
                "Distributed Learning, ICML 2023, section 4",
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
        const bool byzfl = completed.variant == "byzfl";
        if (byzfl && !round.previous)
            return model::fail(model::ErrorCode::not_applicable, "The variant byzfl needs a vector to start from",
                               "smea", "the variant paper does without");
        const std::size_t n = round.n;
        RuleWeights result;
        FEDSLEUTH_TRY(const std::size_t f, assumed_f(n, (n - 1) / 2, completed, info().name, result.notes));
        if (subsets(n, f) > most_subsets)
            return model::fail(
                model::ErrorCode::not_applicable,
                "There are too many ways to leave " + std::to_string(f) + " of " + std::to_string(n) + " updates out",
                "smea", "caf does much the same in a few steps");
        if (round.hurried && subsets(n, f) * std::pow(n - f, 3) > moments_work)
            return model::fail(model::ErrorCode::not_applicable,
                               "Trying every way to leave " + std::to_string(f) + " of " + std::to_string(n) +
                                   " updates out takes longer than a what-if may",
                               "smea", "aggregate takes the time");
        const std::vector<double> distances = squared_distances(round);
        std::vector<std::size_t> members = everyone(n - f);
        double least = std::numeric_limits<double>::infinity();
        do {
            const double variance = largest_variance(round, distances, members, byzfl);
            if (variance >= least) continue;
            least = variance;
            result.selected = members;
        } while (next_subset(members, n));
        result.weights = equal_weights(n, result.selected);
        return result;
    }

private:
    static double largest_variance(const RoundGeometry& round, const std::vector<double>& distances,
                                   const std::vector<std::size_t>& members, bool byzfl)
    {
        const std::size_t k = members.size();
        std::vector<double> among;
        among.reserve(k * k);
        for (const std::size_t a : members)
            for (const std::size_t b : members) among.push_back(distances[a * round.n + b]);
        const std::vector<double> gram = centred_gram(among, std::vector<double>(k, 1.0 / static_cast<double>(k)));
        if (!byzfl) return top_eigenpair(gram, k).value;
        std::vector<double> starts;
        for (const std::size_t a : members) starts.push_back(round.previous->products[a]);
        const double mean = std::accumulate(starts.begin(), starts.end(), 0.0) / static_cast<double>(k);
        for (double& product : starts) product -= mean;
        const std::vector<double> along = symmetric_product(gram, starts);
        const double square = std::inner_product(starts.begin(), starts.end(), along.begin(), 0.0);
        return std::sqrt(std::max(0.0, square) / round.previous->square);
    }
};

}  // namespace

const WeightRule& smea_rule()
{
    static const Smea rule;
    return rule;
}

}  // namespace fedsleuth::analysis
