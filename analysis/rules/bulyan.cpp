// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/kernels/nearest_mean.h"
#include "analysis/rules/parameters.h"
#include "analysis/rules/rules.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace fedsleuth::analysis {
namespace {

/// The updates that are left while Krum takes one after the other: each keeps its sorted list of distances, and a score
/// is the sum of the nearest of those that are still there.
class KrumPicks {
public:
    KrumPicks(const std::vector<double>& distances, std::size_t n) : distances_(distances), n_(n), left_(n, 1)
    {
        order_.resize(n * n);
        for (std::size_t client_idx = 0; client_idx < n; ++client_idx) {
            const auto row = order_.begin() + static_cast<std::ptrdiff_t>(client_idx * n);
            std::iota(row, row + static_cast<std::ptrdiff_t>(n), 0U);
            const double* away = distances.data() + client_idx * n;
            std::sort(row, row + static_cast<std::ptrdiff_t>(n),
                      [&](std::uint32_t a, std::uint32_t b) { return away[a] != away[b] ? away[a] < away[b] : a < b; });
        }
    }

    /// Σ of the `neighbours` smallest distances to others that are left, in ascending order.
    [[nodiscard]] double score(std::size_t client_idx, std::size_t neighbours) const
    {
        double sum = 0;
        const std::uint32_t* order = order_.data() + client_idx * n_;
        for (std::size_t place = 0; place < n_ && neighbours > 0; ++place) {
            const std::size_t other = order[place];
            if (other == client_idx || !left_[other]) continue;
            sum += distances_[client_idx * n_ + other];
            --neighbours;
        }
        return sum;
    }
    [[nodiscard]] std::size_t best(std::size_t neighbours) const
    {
        std::size_t chosen = n_;
        double least = std::numeric_limits<double>::infinity();
        for (std::size_t client_idx = 0; client_idx < n_; ++client_idx) {
            if (!left_[client_idx]) continue;
            const double mine = score(client_idx, neighbours);
            if (chosen != n_ && !(mine < least)) continue;
            least = mine;
            chosen = client_idx;
        }
        return chosen;
    }
    void remove(std::size_t client_idx) { left_[client_idx] = 0; }

private:
    const std::vector<double>& distances_;
    std::size_t n_;
    std::vector<char> left_;
    std::vector<std::uint32_t> order_;
};

std::size_t krum_neighbours(std::size_t n, std::size_t f) { return n > f + 2 ? n - f - 2 : 1; }

class Bulyan final : public ColumnRule {
public:
    [[nodiscard]] const RuleInfo& info() const override
    {
        static const RuleInfo info{
            .name = "bulyan",
            .title = "Bulyan",
            .meaning =
                "Krum picks n − 2f updates, one after the other from those that remain; then coordinate by coordinate "
                "the "
                "mean of the n − 4f picked values nearest to their median. Variants: paper, and flower is the same; "
                "flower-serverapp (Flower's message API) takes the n − 2f best of a single pass of Krum.",
            .paper =
                "El Mhamdi, Guerraoui, Rouault, The Hidden Vulnerability of Distributed Learning in Byzantium, ICML "
                "2018, section 4",
            .breakdown = "f malicious clients of n ≥ 4f + 3",
            .parameters = {f_parameter("Malicious clients to assume. Where it is not given: a fifth of the clients, "
                                       "rounded down, or fewer where n ≥ 4f + 3 demands it")},
            .variants = {"paper", "flower", "flower-serverapp"},
            .by_weights = false,
        };
        return info;
    }

    [[nodiscard]] bool chooses() const override { return true; }

    [[nodiscard]] model::Result<ColumnChoice> choose(const RoundGeometry& round,
                                                     const RuleSettings& settings) const override
    {
        FEDSLEUTH_TRY(const RuleSettings completed, complete(info(), settings));
        FEDSLEUTH_CHECK(need_updates(round.n, info().name));
        const std::size_t n = round.n;
        if (n < 3)
            return model::fail(model::ErrorCode::not_applicable,
                               "Too few updates: " + std::to_string(n) + ", where the rule needs three", "bulyan");
        ColumnChoice choice;
        FEDSLEUTH_TRY(const std::size_t f, assumed_f(n, (n - 3) / 4, completed, info().name, choice.notes));
        const std::vector<double> distances = squared_distances(round);
        KrumPicks picks(distances, n);
        for (std::size_t client_idx = 0; client_idx < n; ++client_idx)
            choice.scores.push_back(picks.score(client_idx, krum_neighbours(n, f)));
        if (completed.variant == "flower-serverapp") {
            choice.rows = everyone(n);
            std::stable_sort(choice.rows.begin(), choice.rows.end(),
                             [&](std::size_t a, std::size_t b) { return choice.scores[a] < choice.scores[b]; });
            choice.rows.resize(n - 2 * f);
        } else {
            for (std::size_t left = n; left > 2 * f; --left) {
                choice.rows.push_back(picks.best(krum_neighbours(left, f)));
                picks.remove(choice.rows.back());
            }
        }
        choice.settings = completed;
        choice.settings.values["f"] = static_cast<double>(f);
        choice.notes.push_back("Of the " + std::to_string(n - 2 * f) + " updates that it picks, the " +
                               std::to_string(n - 4 * f) + " values nearest to the median count in each coordinate.");
        return choice;
    }

    [[nodiscard]] model::Result<void> apply(std::span<const float* const> rows, std::int64_t count,
                                            const RuleSettings& settings, double* out) const override
    {
        return mean_of_nearest(rows, count, settings, out);
    }
    [[nodiscard]] model::Result<void> apply(std::span<const double* const> rows, std::int64_t count,
                                            const RuleSettings& settings, double* out) const override
    {
        return mean_of_nearest(rows, count, settings, out);
    }
    [[nodiscard]] std::vector<std::string> notes(std::size_t, const RuleSettings&) const override { return {}; }

private:
    template <class Real>
    model::Result<void> mean_of_nearest(std::span<const Real* const> rows, std::int64_t count,
                                        const RuleSettings& settings, double* out) const
    {
        const auto f = static_cast<std::size_t>(value_or(settings, "f", 0));
        if (rows.size() <= 2 * f)
            return model::fail(model::ErrorCode::not_applicable, "Too few updates were picked", "bulyan");
        column_nearest_mean(rows, count, rows.size() - 2 * f, out);
        return {};
    }
};

}  // namespace

const ColumnRule& bulyan_rule()
{
    static const Bulyan rule;
    return rule;
}

}  // namespace fedsleuth::analysis
