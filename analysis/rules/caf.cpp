// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/numpy_random.h"
#include "analysis/rules/parameters.h"
#include "analysis/rules/rules.h"
#include "analysis/rules/spectrum.h"

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>

namespace fedsleuth::analysis {
namespace {

using Eigen::Index;
using Eigen::Map;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr std::size_t most_steps = 20'000;        ///< ByzFL's filter may go on for very long
constexpr std::size_t most_work = 2'000'000'000;  ///< steps × n²

/// The weighted covariance's leading direction: its variance, and each update's squared projection on it.
struct Direction {
    double variance = 0;
    VectorXd projections;
};

/// K·x, K the Gram matrix about the weighted mean.
VectorXd times(std::span<const double> gram, const VectorXd& x)
{
    const std::vector<double> product = symmetric_product(gram, {x.data(), static_cast<std::size_t>(x.size())});
    return Map<const VectorXd>(product.data(), x.size());
}

/// Converged: the top eigenpair of diag(√c) K diag(√c) / Σc.
Direction leading_direction(std::span<const double> gram, const VectorXd& c)
{
    const VectorXd roots = (c / c.sum()).cwiseSqrt();
    const MatrixXd covariance =
        roots.asDiagonal() * Map<const MatrixXd>(gram.data(), c.size(), c.size()) * roots.asDiagonal();
    const EigenPair top = top_eigenpair({covariance.data(), gram.size()}, static_cast<std::size_t>(c.size()));
    if (!(top.value > 0)) return {0.0, VectorXd::Zero(c.size())};
    const Map<const VectorXd> vector(top.vector.data(), c.size());
    return {top.value, times(gram, roots.cwiseProduct(vector)).cwiseAbs2() / top.value};
}

/// One step of the power iteration from a vector of which only ⟨x_i − μ, v⟩ / |v| is known.
Direction one_power_step(std::span<const double> gram, const VectorXd& c, const VectorXd& starts)
{
    const VectorXd mix = c.cwiseProduct(starts) / c.sum();
    const VectorXd along = times(gram, mix);
    const double square = std::max(0.0, mix.dot(along));
    if (square == 0.0) return {0.0, VectorXd::Zero(c.size())};
    return {std::sqrt(square), along.cwiseAbs2() / square};
}

/// ⟨D_i, z⟩ and |z|² for a standard normal z that is drawn here.
model::Result<SideVector> random_products(const RoundGeometry& round, NumpyRandom& random)
{
    constexpr std::int64_t block = 4096;
    SideVector result{std::vector<double>(round.n, 0.0), 0.0};
    const std::int64_t d = round.sample->coordinates();
    for (std::int64_t first = 0; first < d; first += block) {
        std::vector<std::int64_t> coords(static_cast<std::size_t>(std::min(block, d - first)));
        std::iota(coords.begin(), coords.end(), first);
        FEDSLEUTH_TRY(const std::vector<double> values, round.sample->values(coords));
        for (std::size_t place = 0; place < coords.size(); ++place) {
            const double drawn = random.normal();
            result.square += drawn * drawn;
            for (std::size_t client_idx = 0; client_idx < round.n; ++client_idx)
                result.products[client_idx] += drawn * values[client_idx * coords.size() + place];
        }
    }
    return result;
}

class Caf final : public WeightRule {
public:
    [[nodiscard]] const RuleInfo& info() const override
    {
        static const RuleInfo info{
            .name = "caf",
            .title = "Covariance-bound agnostic filter (CAF)",
            .meaning =
                "Again and again the updates lose weight by how far they lie along the direction of largest variance, "
                "until n − 2f of weight is left; the mean with the least such variance on the way is the result. "
                "Variants: paper finds the direction exactly; byzfl takes one step of a power iteration from a random "
                "vector (by the seed, as NumPy; or the vector given as the previous one), so that its result depends "
                "on "
                "chance.",
            .paper =
                "Allouah, Guerraoui, Stephan, Towards Trustworthy Federated Learning with Untrusted Participants, "
                "2025, algorithm 2",
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
        if (byzfl && !round.previous && round.sample == nullptr)
            return model::fail(model::ErrorCode::not_applicable,
                               "The variant byzfl needs a look at the coordinates, or a vector to start from",
                               std::string(info().name), "the variant paper does without");
        const std::size_t n = round.n;
        RuleWeights result;
        FEDSLEUTH_TRY(const std::size_t f, assumed_f(n, (n - 1) / 2, completed, info().name, result.notes));
        const std::vector<double> distances = squared_distances(round);
        NumpyRandom random(completed.seed);

        VectorXd c = VectorXd::Ones(static_cast<Index>(n));
        VectorXd best = c / static_cast<double>(n);
        double least = std::numeric_limits<double>::infinity();
        std::size_t steps = 0;
        while (c.sum() > static_cast<double>(n - 2 * f)) {
            const VectorXd shares = c / c.sum();
            const std::vector<double> gram = centred_gram(distances, {shares.data(), n});
            Direction direction;
            if (byzfl) {
                FEDSLEUTH_TRY(const VectorXd starts, starting_products(round, random, shares));
                direction = one_power_step(gram, c, starts);
            } else {
                direction = leading_direction(gram, c);
            }
            if (direction.variance < least) {
                least = direction.variance;
                best = shares;
            }
            result.scores.assign(direction.projections.data(),
                                 direction.projections.data() + direction.projections.size());
            // Of those that still count: one that is out may lie so far that beside it nobody else would lose weight.
            // ByzFL looks at all.
            const double furthest = byzfl ? direction.projections.maxCoeff()
                                          : (c.array() > 0).select(direction.projections.array(), 0.0).maxCoeff();
            if (!(furthest > 0)) break;  // what is left does not vary
            c.array() *= (1.0 - direction.projections.array() / furthest).max(0.0);
            if (++steps >= most_steps || steps * n * n >= most_work) {
                result.notes.push_back("Stopped after " + std::to_string(steps) +
                                       " steps with more weight than n − 2f left: one far update takes all the blame.");
                break;
            }
        }
        result.weights.assign(best.data(), best.data() + best.size());
        return result;
    }

private:
    static model::Result<VectorXd> starting_products(const RoundGeometry& round, NumpyRandom& random,
                                                     const VectorXd& shares)
    {
        SideVector start;
        if (round.previous) {
            start = *round.previous;
        } else {
            FEDSLEUTH_TRY(start, random_products(round, random));
        }
        VectorXd products = Map<const VectorXd>(start.products.data(), shares.size());
        products.array() -= shares.dot(products);
        return VectorXd(products / std::sqrt(start.square));
    }
};

}  // namespace

const WeightRule& caf_rule()
{
    static const Caf rule;
    return rule;
}

}  // namespace fedsleuth::analysis
