// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/pre_aggregation.h"

#include <Eigen/Core>

#include <algorithm>
#include <numeric>

namespace fedsleuth::analysis {
namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Map = Eigen::Map<const RowMajor>;

Map matrix_of(const std::vector<double>& values, std::size_t rows, std::size_t columns)
{
    return {values.data(), static_cast<Eigen::Index>(rows), static_cast<Eigen::Index>(columns)};
}

std::vector<double> flat(const RowMajor& matrix) { return {matrix.data(), matrix.data() + matrix.size()}; }

/// M · A · Mᵀ for a symmetric n × n matrix.
std::vector<double> both_sides(const Mixing& mixing, const std::vector<double>& matrix)
{
    const Map map = matrix_of(mixing.matrix, mixing.rows, mixing.n);
    const RowMajor product = map * matrix_of(matrix, mixing.n, mixing.n) * map.transpose();
    return flat((product + product.transpose()) / 2.0);
}

std::vector<double> through(const Mixing& mixing, const std::vector<double>& vector)
{
    std::vector<double> result(mixing.rows, 0.0);
    for (std::size_t row = 0; row < mixing.rows; ++row)
        result[row] = std::inner_product(vector.begin(), vector.end(),
                                         mixing.matrix.begin() + static_cast<std::ptrdiff_t>(row * mixing.n), 0.0);
    return result;
}

std::optional<SideVector> through(const Mixing& mixing, const std::optional<SideVector>& side)
{
    if (!side) return std::nullopt;
    return SideVector{through(mixing, side->products), side->square};
}

std::vector<double> mean_examples(const Mixing& mixing, const std::vector<double>& examples)
{
    std::vector<double> sums(mixing.rows, 0.0);
    std::vector<double> members(mixing.rows, 0.0);
    for (std::size_t client_idx = 0; client_idx < mixing.n; ++client_idx) {
        sums[mixing.row_of[client_idx]] += examples[client_idx];
        members[mixing.row_of[client_idx]] += 1.0;
    }
    for (std::size_t row = 0; row < mixing.rows; ++row)
        if (members[row] > 0) sums[row] /= members[row];
    return sums;
}

class MixedSample final : public CoordinateSample {
public:
    MixedSample(const CoordinateSample& inner, Mixing mixing) : inner_(inner), mixing_(std::move(mixing)) {}
    [[nodiscard]] std::int64_t coordinates() const override { return inner_.coordinates(); }
    [[nodiscard]] model::Result<std::vector<double>> values(std::span<const std::int64_t> coords) const override
    {
        FEDSLEUTH_TRY(const std::vector<double> original, inner_.values(coords));
        const RowMajor rows =
            matrix_of(mixing_.matrix, mixing_.rows, mixing_.n) * matrix_of(original, mixing_.n, coords.size());
        return flat(rows);
    }

private:
    const CoordinateSample& inner_;
    Mixing mixing_;
};

Mixing identity(std::size_t n)
{
    Mixing mixing{n, n, std::vector<double>(n * n, 0.0), std::vector<std::size_t>(n), {}};
    for (std::size_t client_idx = 0; client_idx < n; ++client_idx) mixing.matrix[client_idx * (n + 1)] = 1.0;
    std::iota(mixing.row_of.begin(), mixing.row_of.end(), std::size_t{0});
    return mixing;
}

/// `second` after `first`, as one map.
Mixing chained(const Mixing& first, Mixing second)
{
    const RowMajor product =
        matrix_of(second.matrix, second.rows, second.n) * matrix_of(first.matrix, first.rows, first.n);
    Mixing result{first.n, second.rows, flat(product), first.row_of, first.notes};
    for (std::size_t& row : result.row_of) row = second.row_of[row];
    result.notes.insert(result.notes.end(), second.notes.begin(), second.notes.end());
    return result;
}

/// Figures of the rows, as figures of the clients that are judged in them.
std::vector<double> by_client(const std::vector<double>& figures, const Mixing& mixing)
{
    std::vector<double> told(figures.empty() ? 0 : mixing.n);
    for (std::size_t client_idx = 0; client_idx < told.size(); ++client_idx)
        told[client_idx] = figures[mixing.row_of[client_idx]];
    return told;
}

std::vector<std::size_t> clients_of(const std::vector<std::size_t>& rows, const Mixing& mixing)
{
    std::vector<std::size_t> clients;
    for (const std::size_t row : rows)
        for (std::size_t client_idx = 0; client_idx < mixing.n; ++client_idx)
            if (mixing.row_of[client_idx] == row) clients.push_back(client_idx);
    return clients;
}

}  // namespace

model::Result<Mixing> mix_updates(const RoundGeometry& round, std::span<const PreSettings> pre, std::uint64_t seed)
{
    Mixing all = identity(round.n);
    MixedRound current;
    for (const PreSettings& step : pre) {
        const PreAggregation* known = find_pre_aggregation(step.name);
        if (known == nullptr)
            return model::fail(model::ErrorCode::not_found, "There is no pre-aggregation '" + step.name + "'");
        FEDSLEUTH_TRY(const RuleSettings settings, complete(known->info(), {.values = step.values}));
        const bool first = &step == pre.data();
        FEDSLEUTH_TRY(Mixing next, known->mix(first ? round : current.geometry, settings.values, seed));
        all = first ? std::move(next) : chained(all, std::move(next));
        if (&step != &pre.back()) current = mixed(round, all);
    }
    return all;
}

MixedRound mixed(const RoundGeometry& round, const Mixing& mixing)
{
    MixedRound result;
    RoundGeometry& geometry = result.geometry;
    geometry.n = mixing.rows;
    geometry.gram = both_sides(mixing, round.gram);
    geometry.num_examples = mean_examples(mixing, round.num_examples);
    geometry.reference = through(mixing, round.reference);
    geometry.previous = through(mixing, round.previous);
    geometry.model = through(mixing, round.model);
    if (!round.history.empty()) geometry.history = both_sides(mixing, round.history);
    if (round.sample != nullptr) result.sample = std::make_unique<MixedSample>(*round.sample, mixing);
    geometry.sample = result.sample.get();
    return result;
}

RuleWeights told_of_updates(const RuleWeights& of_rows, const Mixing& mixing)
{
    RuleWeights result = of_rows;
    result.weights.assign(mixing.n, 0.0);
    for (std::size_t row = 0; row < mixing.rows; ++row)
        for (std::size_t client_idx = 0; client_idx < mixing.n; ++client_idx)
            result.weights[client_idx] += of_rows.weights[row] * mixing.matrix[row * mixing.n + client_idx];
    result.scores = by_client(of_rows.scores, mixing);
    result.clip_factors = by_client(of_rows.clip_factors, mixing);
    result.selected = clients_of(of_rows.selected, mixing);
    result.notes = mixing.notes;
    result.notes.insert(result.notes.end(), of_rows.notes.begin(), of_rows.notes.end());
    return result;
}

ColumnChoice told_of_updates(ColumnChoice of_rows, const Mixing& mixing)
{
    of_rows.rows = clients_of(of_rows.rows, mixing);
    of_rows.scores = by_client(of_rows.scores, mixing);
    return of_rows;
}

model::Result<RuleWeights> apply_rule(const WeightRule& rule, const RoundGeometry& round, const RuleSettings& settings)
{
    if (settings.pre.empty()) return rule.weights(round, settings);
    FEDSLEUTH_TRY(const Mixing mixing, mix_updates(round, settings.pre, settings.seed));
    const MixedRound rows = mixed(round, mixing);
    FEDSLEUTH_TRY(const RuleWeights of_rows, rule.weights(rows.geometry, settings));
    return told_of_updates(of_rows, mixing);
}

}  // namespace fedsleuth::analysis
