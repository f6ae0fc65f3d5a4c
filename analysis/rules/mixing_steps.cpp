// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/numpy_random.h"
#include "analysis/rules/pre_aggregation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace fedsleuth::analysis {
namespace {

using model::ErrorCode;
using model::fail;
using Values = std::map<std::string, double>;

ParameterInfo mixing_f(std::string_view meaning)
{
    return {.name = "f", .meaning = meaning, .minimum = 0, .maximum = 1e6, .standard = std::nullopt, .integer = true};
}

/// f as given, else a fifth of the clients.
model::Result<std::size_t> malicious(std::size_t n, const Values& values, std::string_view where, Mixing& mixing)
{
    const auto given = values.find("f");
    const std::size_t f = given != values.end() ? static_cast<std::size_t>(given->second) : n / 5;
    if (f >= n)
        return fail(ErrorCode::not_applicable,
                    "With " + std::to_string(n) + " updates f can be at most " + std::to_string(n == 0 ? 0 : n - 1),
                    std::string(where));
    if (given == values.end())
        mixing.notes.push_back("The pre-aggregation " + std::string(where) + " assumes " + std::to_string(f) +
                               " malicious of " + std::to_string(n) + " clients.");
    return f;
}

Mixing square(std::size_t n)
{
    Mixing mixing{n, n, std::vector<double>(n * n, 0.0), std::vector<std::size_t>(n), {}};
    std::iota(mixing.row_of.begin(), mixing.row_of.end(), std::size_t{0});
    return mixing;
}

double norm_of(const RoundGeometry& round, std::size_t client_idx)
{
    return std::sqrt(std::max(0.0, round.gram[client_idx * (round.n + 1)]));
}

class NearestNeighbourMixing final : public PreAggregation {
public:
    [[nodiscard]] const RuleInfo& info() const override
    {
        static const RuleInfo info{
            .name = "nnm",
            .title = "Nearest-neighbour mixing",
            .meaning =
                "Each update becomes the mean of the n − f updates nearest to it, itself among them: what "
                "unlike data scatters is drawn together before the rule looks.",
            .paper =
                "Allouah, Farhadkhani, Guerraoui, Gupta, Pinot, Stephan, Fixing by Mixing: A Recipe for Optimal "
                "Byzantine ML under Heterogeneity, AISTATS 2023, algorithm 2",
            .breakdown = "that of the rule that follows, up to f < n / 2",
            .parameters = {mixing_f("Malicious clients to assume: how many of the furthest each mean leaves out. Where "
                                    "it is not given: a fifth of the clients, rounded down")},
            .variants = {},
        };
        return info;
    }
    [[nodiscard]] model::Result<Mixing> mix(const RoundGeometry& round, const Values& values,
                                            std::uint64_t) const override
    {
        const std::size_t n = round.n;
        Mixing mixing = square(n);
        FEDSLEUTH_TRY(const std::size_t f, malicious(n, values, info().name, mixing));
        const std::vector<double> distances = squared_distances(round);
        std::vector<std::size_t> order(n);
        for (std::size_t client_idx = 0; client_idx < n; ++client_idx) {
            const double* row = distances.data() + client_idx * n;
            std::iota(order.begin(), order.end(), std::size_t{0});
            // The update itself comes first among equals, then the lowest index.
            const auto nearer = [&](std::size_t a, std::size_t b) {
                if (row[a] != row[b]) return row[a] < row[b];
                if (a == client_idx || b == client_idx) return a == client_idx && b != client_idx;
                return a < b;
            };
            std::nth_element(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(n - f - 1), order.end(),
                             nearer);
            for (std::size_t place = 0; place < n - f; ++place)
                mixing.matrix[client_idx * n + order[place]] = 1.0 / static_cast<double>(n - f);
        }
        return mixing;
    }
};

class Bucketing final : public PreAggregation {
public:
    [[nodiscard]] const RuleInfo& info() const override
    {
        static const RuleInfo info{
            .name = "bucketing",
            .title = "Bucketing",
            .meaning =
                "The updates are shuffled and averaged in groups: groups differ less than clients do, but a "
                "group with one malicious member counts as malicious.",
            .paper =
                "Karimireddy, He, Jaggi, Byzantine-Robust Learning on Heterogeneous Datasets via Bucketing, ICLR "
                "2022, algorithm 1",
            .breakdown = "that of the rule that follows, divided by the size of a group",
            .parameters = {{.name = "size",
                            .meaning = "Updates in a group; the last one may be short",
                            .minimum = 1,
                            .maximum = 1e6,
                            .standard = 2,
                            .integer = true,
                            .alias = "s"},
                           {.name = "shuffle",
                            .meaning = "1: shuffle first, by the seed, as NumPy does; 0: take them in the order given",
                            .minimum = 0,
                            .maximum = 1,
                            .standard = 1,
                            .integer = true}},
            .variants = {},
        };
        return info;
    }
    [[nodiscard]] model::Result<Mixing> mix(const RoundGeometry& round, const Values& values,
                                            std::uint64_t seed) const override
    {
        const std::size_t n = round.n;
        const auto size = static_cast<std::size_t>(values.at("size"));
        Mixing mixing{n, (n + size - 1) / size, {}, std::vector<std::size_t>(n), {}};
        mixing.matrix.assign(mixing.rows * n, 0.0);
        std::vector<std::size_t> order(n);
        std::iota(order.begin(), order.end(), std::size_t{0});
        if (values.at("shuffle") != 0) order = NumpyRandom(seed).permutation(n);
        for (std::size_t place = 0; place < n; ++place) {
            const std::size_t row = place / size;
            mixing.row_of[order[place]] = row;
            mixing.matrix[row * n + order[place]] = 1.0 / static_cast<double>(std::min(size, n - row * size));
        }
        return mixing;
    }
};

class StaticClipping final : public PreAggregation {
public:
    [[nodiscard]] const RuleInfo& info() const override
    {
        static const RuleInfo info{
            .name = "clipping",
            .title = "Static clipping",
            .meaning = "Updates longer than a given norm are shortened to it.",
            .paper = "as ByzFL has it; the radius is its c",
            .breakdown = "that of the rule that follows",
            .parameters = {{.name = "radius",
                            .meaning = "L2 norm that no update may exceed",
                            .minimum = 0,
                            .maximum = 1e300,
                            .standard = 2,
                            .integer = false,
                            .alias = "c"}},
            .variants = {},
        };
        return info;
    }
    [[nodiscard]] model::Result<Mixing> mix(const RoundGeometry& round, const Values& values,
                                            std::uint64_t) const override
    {
        const double radius = values.at("radius");
        Mixing mixing = square(round.n);
        std::size_t clipped = 0;
        for (std::size_t client_idx = 0; client_idx < round.n; ++client_idx) {
            const double norm = norm_of(round, client_idx);
            clipped += norm > radius ? 1 : 0;
            mixing.matrix[client_idx * (round.n + 1)] = norm > radius ? radius / norm : 1.0;
        }
        mixing.notes.push_back("Clipping shortened " + std::to_string(clipped) + " of " + std::to_string(round.n) +
                               " updates.");
        return mixing;
    }
};

class AdaptiveClipping final : public PreAggregation {
public:
    [[nodiscard]] const RuleInfo& info() const override
    {
        static const RuleInfo info{
            .name = "arc",
            .title = "Adaptive robust clipping",
            .meaning = "The k = ⌊2 f/n (n − f)⌋ longest updates are shortened to the norm of the longest of the rest.",
            .paper =
                "Allouah, Guerraoui, Gupta, Jellouli, Rizk, Stephan, Adaptive Gradient Clipping for Robust "
                "Federated Learning, ICLR 2025, algorithm 2",
            .breakdown = "that of the rule that follows",
            .parameters = {mixing_f("Malicious clients to assume. Where it is not given: a fifth of the clients, "
                                    "rounded down")},
            .variants = {},
        };
        return info;
    }
    [[nodiscard]] model::Result<Mixing> mix(const RoundGeometry& round, const Values& values,
                                            std::uint64_t) const override
    {
        const std::size_t n = round.n;
        Mixing mixing = square(n);
        FEDSLEUTH_TRY(const std::size_t f, malicious(n, values, info().name, mixing));
        const auto count = static_cast<double>(n);
        // The product in this order: its truncation is ByzFL's, the last bit included.
        const auto clipped =
            static_cast<std::size_t>(2.0 * static_cast<double>(f) / count * (count - static_cast<double>(f)));
        std::vector<double> norms(n);
        for (std::size_t client_idx = 0; client_idx < n; ++client_idx) norms[client_idx] = norm_of(round, client_idx);
        std::vector<double> sorted = norms;
        std::sort(sorted.begin(), sorted.end());
        const double radius = sorted[n - clipped - 1];
        for (std::size_t client_idx = 0; client_idx < n; ++client_idx)
            mixing.matrix[client_idx * (n + 1)] = norms[client_idx] > radius ? radius / norms[client_idx] : 1.0;
        return mixing;
    }
};

}  // namespace

std::span<const PreAggregation* const> pre_aggregations()
{
    static const NearestNeighbourMixing nnm;
    static const Bucketing bucketing;
    static const StaticClipping clipping;
    static const AdaptiveClipping arc;
    static const std::array<const PreAggregation*, 4> steps{&nnm, &bucketing, &clipping, &arc};
    return steps;
}

const PreAggregation* find_pre_aggregation(std::string_view name)
{
    for (const PreAggregation* step : pre_aggregations())
        if (step->info().name == name) return step;
    return nullptr;
}

}  // namespace fedsleuth::analysis
