// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/kernels/symmetric_product.h"
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
using Eigen::VectorXd;

constexpr std::size_t most_steps = 20'000;        ///< ByzFL's filter may go on for very long
constexpr std::size_t most_work = 2'000'000'000;  ///< steps × n²

/// The weighted covariance's leading direction: its variance, and each update's squared projection on it.
struct Direction {
    double variance = 0;
    VectorXd projections;
};

/// The Gram matrix K about a weighted mean, by what the squared distances D make of it: K_ij = ½ (m_i + m_j − D_ij)
/// with m_i = |x_i − μ|². Its n² numbers are never made. Near-copies keep their digits, and so does a crowd from which
/// far updates have lost all weight.
class CentredProducts {
public:
    CentredProducts(std::span<const double> distances, const VectorXd& shares)
        : distances_(distances), to_mean_(with_distances(shares))
    {
        to_mean_.array() -= 0.5 * shares.dot(to_mean_);
    }

    [[nodiscard]] const VectorXd& squares() const { return to_mean_; }  ///< the diagonal of K
    [[nodiscard]] VectorXd times(const VectorXd& x) const
    {
        return 0.5 * ((to_mean_ * x.sum() - with_distances(x)).array() + to_mean_.dot(x));
    }

private:
    [[nodiscard]] VectorXd with_distances(const VectorXd& x) const
    {
        VectorXd product(x.size());
        symmetric_product(distances_.data(), static_cast<std::size_t>(x.size()), x.data(), product.data());
        return product;
    }

    std::span<const double> distances_;
    VectorXd to_mean_;
};

/// Converged: the top eigenpair of diag(√shares) K diag(√shares).
Direction leading_direction(const CentredProducts& centred, const VectorXd& shares)
{
    const VectorXd roots = shares.cwiseSqrt();
    const double largest = shares.cwiseProduct(centred.squares()).maxCoeff();  // on the diagonal, as K ≥ 0
    const EigenPair top = top_eigenpair(
        static_cast<std::size_t>(shares.size()), std::max(0.0, largest), [&](const double* x, double* out) {
            const Map<const VectorXd> from(x, shares.size());
            Map<VectorXd>(out, shares.size()) = roots.cwiseProduct(centred.times(roots.cwiseProduct(from)));
        });
    if (!(top.value > 0)) return {0.0, VectorXd::Zero(shares.size())};
    const Map<const VectorXd> vector(top.vector.data(), shares.size());
    return {top.value, centred.times(roots.cwiseProduct(vector)).cwiseAbs2() / top.value};
}

/// One step of the power iteration from a vector of which only ⟨x_i − μ, v⟩ / |v| is known.
Direction one_power_step(const CentredProducts& centred, const VectorXd& shares, const VectorXd& starts)
{
    const VectorXd mix = shares.cwiseProduct(starts);
    const VectorXd along = centred.times(mix);
    const double square = std::max(0.0, mix.dot(along));
    if (square == 0.0) return {0.0, VectorXd::Zero(shares.size())};
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
            const CentredProducts centred(distances, shares);
            Direction direction;
            if (byzfl) {
                FEDSLEUTH_TRY(const VectorXd starts, starting_products(round, random, shares));
                direction = one_power_step(centred, shares, starts);
            } else {
                direction = leading_direction(centred, shares);
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
