// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/example_weights.h"
#include "analysis/rules/numpy_random.h"
#include "analysis/rules/parameters.h"
#include "analysis/rules/rules.h"
#include "analysis/rules/spectrum.h"

#include "analysis/clustering/distances.h"

#include <algorithm>
#include <cmath>

namespace fedsleuth::analysis {
namespace {

/// ⟨D_i − μ, v⟩² for the top right singular vector v of the centred updates: λ u_i² of the centred Gram matrix's top
/// eigenpair (λ, u).
std::vector<double> projections(const std::vector<double>& distances, std::size_t n)
{
    const std::vector<double> equal(n, 1.0 / static_cast<double>(n));
    const EigenPair top = top_eigenpair(centred_gram(distances, equal), n);
    std::vector<double> scores(n);
    for (std::size_t client_idx = 0; client_idx < n; ++client_idx) {
        scores[client_idx] = std::max(0.0, top.value) * top.vector[client_idx] * top.vector[client_idx];
        // Copies score the same to the last bit, so that ties among them go by index and not by rounding.
        const auto row = distances.begin() + static_cast<std::ptrdiff_t>(client_idx * n);
        const auto twin = std::find(row, row + static_cast<std::ptrdiff_t>(client_idx), 0.0) - row;
        if (static_cast<std::size_t>(twin) < client_idx) scores[client_idx] = scores[static_cast<std::size_t>(twin)];
    }
    return scores;
}

class DivideAndConquer final : public WeightRule {
public:
    [[nodiscard]] const RuleInfo& info() const override
    {
        static const RuleInfo info{
            .name = "dnc",
            .title = "Divide and conquer (DnC)",
            .meaning =
                "The c · f updates that stand out most along the direction in which the updates vary most are dropped, "
                "the rest is averaged. With all coordinates (unless set) it is exact, from the spectrum of the Gram "
                "matrix; the paper samples some, several times, and keeps who survives every time.",
            .paper =
                "Shejwalkar, Houmansadr, Manipulating the Byzantine: Optimizing Model Poisoning Attacks and Defenses "
                "for Federated Learning, NDSS 2021, algorithm 2",
            .breakdown = "f malicious clients, where what they do shows in the direction of largest variance",
            .parameters = {f_parameter(),
                           {.name = "c",
                            .meaning = "Updates that are dropped for each malicious client",
                            .minimum = 0,
                            .maximum = 1e6,
                            .standard = 1},
                           {.name = "coordinates",
                            .meaning = "Coordinates to sample, without repetition, by the seed as NumPy does. Where it "
                                       "is not given: all of them",
                            .minimum = 1,
                            .maximum = 1e15,
                            .standard = std::nullopt,
                            .integer = true},
                           {.name = "repeats",
                            .meaning = "Samples to draw; with all coordinates one is as good as many",
                            .minimum = 1,
                            .maximum = 1000,
                            .standard = 1,
                            .integer = true}},
            .variants = {"paper"},
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
        FEDSLEUTH_TRY(const std::size_t f, assumed_f(n, n - 1, completed, info().name, result.notes));
        const double dropped = std::floor(completed.values.at("c") * static_cast<double>(f));
        if (dropped >= static_cast<double>(n))
            return model::fail(model::ErrorCode::not_applicable, "c · f updates to drop would leave none",
                               std::string(info().name));
        const std::size_t keep = n - static_cast<std::size_t>(dropped);

        FEDSLEUTH_TRY(const std::vector<std::vector<double>> runs, scores_of_runs(round, completed, result.notes));
        std::vector<std::size_t> survived(n, 0);
        result.scores.assign(n, 0.0);
        for (const std::vector<double>& scores : runs) {
            std::vector<std::size_t> order = everyone(n);
            std::stable_sort(order.begin(), order.end(),
                             [&](std::size_t a, std::size_t b) { return scores[a] < scores[b]; });
            for (std::size_t place = 0; place < keep; ++place) ++survived[order[place]];
            for (std::size_t client_idx = 0; client_idx < n; ++client_idx)
                result.scores[client_idx] += scores[client_idx] / static_cast<double>(runs.size());
        }
        for (std::size_t client_idx = 0; client_idx < n; ++client_idx)
            if (survived[client_idx] == runs.size()) result.selected.push_back(client_idx);
        if (result.selected.empty()) result.notes.emplace_back("Nobody survives every sample: the step is zero.");
        result.weights = equal_weights(n, result.selected);
        return result;
    }

private:
    /// One vector of n scores a sample; one for all coordinates.
    static model::Result<std::vector<std::vector<double>>> scores_of_runs(const RoundGeometry& round,
                                                                          const RuleSettings& settings,
                                                                          std::vector<std::string>& notes)
    {
        const auto asked = settings.values.find("coordinates");
        const std::int64_t d = round.sample != nullptr ? round.sample->coordinates() : 0;
        if (asked == settings.values.end() || round.sample == nullptr || asked->second >= static_cast<double>(d)) {
            if (asked != settings.values.end() && round.sample == nullptr)
                notes.emplace_back("Without a look at the coordinates it takes all of them together.");
            return std::vector<std::vector<double>>{projections(squared_distances(round), round.n)};
        }
        std::vector<std::vector<double>> runs;
        NumpyRandom random(settings.seed);
        for (double run = 0; run < settings.values.at("repeats"); ++run) {
            const std::vector<std::size_t> order = random.permutation(static_cast<std::size_t>(d));
            std::vector<std::int64_t> coords(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(asked->second));
            std::sort(coords.begin(), coords.end());
            FEDSLEUTH_TRY(const std::vector<double> values, round.sample->values(coords));
            runs.push_back(projections(squared_euclidean_distances(values, round.n, coords.size()), round.n));
        }
        return runs;
    }
};

}  // namespace

const WeightRule& dnc_rule()
{
    static const DivideAndConquer rule;
    return rule;
}

}  // namespace fedsleuth::analysis
