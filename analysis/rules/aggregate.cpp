// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/aggregate.h"

#include "analysis/clustering/distances.h"
#include "analysis/rules/noise.h"
#include "analysis/rules/pre_aggregation.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace fedsleuth::analysis {
namespace {

using model::ErrorCode;
using model::fail;

/// n rows of d numbers.
struct Rows {
    std::vector<double> values;
    std::size_t n = 0;
    std::size_t d = 0;

    [[nodiscard]] std::span<const double> row(std::size_t row_idx) const
    {
        return std::span(values).subspan(row_idx * d, d);
    }
};

double dot(std::span<const double> a, std::span<const double> b)
{
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

/// Beyond this float64 has no room for distances and what is made of them.
constexpr double longest_squared = 1e300;

model::Result<void> check_size(std::span<const double> vector, const std::string& what)
{
    if (dot(vector, vector) <= longest_squared) return {};
    return fail(ErrorCode::invalid_argument,
                what + " is too long to reckon with: its squared length is above 1e300, near the end of float64", {},
                "scale the numbers down");
}

model::Result<void> check_finite(std::span<const double> rows, std::size_t d)
{
    for (std::size_t at = 0; at < rows.size(); ++at)
        if (!std::isfinite(rows[at]))
            return fail(ErrorCode::invalid_argument,
                        "Row " + std::to_string(at / d) + " holds a value that is not finite (coordinate " +
                            std::to_string(at % d) + ")",
                        {}, "leave the row out");
    for (std::size_t first = 0; first < rows.size(); first += d)
        FEDSLEUTH_CHECK(check_size(rows.subspan(first, d), "Row " + std::to_string(first / d)));
    return {};
}

model::Result<void> check_side(std::span<const double> values, std::size_t expected, const std::string& what)
{
    if (values.empty()) return {};
    if (values.size() != expected)
        return fail(ErrorCode::invalid_argument, "The " + what + " has " + std::to_string(values.size()) +
                                                     " numbers, not the " + std::to_string(expected) +
                                                     " that fit the updates");
    if (!std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); }))
        return fail(ErrorCode::invalid_argument, "The " + what + " holds a value that is not finite");
    return check_size(values, "The " + what);
}

model::Result<void> check_rows(std::span<const double> rows, std::size_t n, std::size_t d,
                               std::span<const double> num_examples, const SideInputs& side)
{
    if (n == 0) return fail(ErrorCode::invalid_argument, "There are no rows to aggregate");
    if (rows.size() % n != 0 || rows.size() / n != d)
        return fail(ErrorCode::invalid_argument, "The matrix does not have n × d entries");
    if (num_examples.size() != n)
        return fail(ErrorCode::invalid_argument, "There is not one number of examples for each row");
    FEDSLEUTH_CHECK(check_finite(rows, d));
    FEDSLEUTH_CHECK(check_side(side.reference, d, "reference"));
    FEDSLEUTH_CHECK(check_side(side.history, n * d, "history"));
    FEDSLEUTH_CHECK(check_side(side.previous, d, "previous vector"));
    return check_side(side.model, d, "model");
}

std::vector<double> gram_of(std::span<const double> rows, std::size_t n, std::size_t d)
{
    std::vector<double> gram(n * n);
    for (std::size_t row_idx = 0; row_idx < n; ++row_idx)
        for (std::size_t other_idx = row_idx; other_idx < n; ++other_idx)
            gram[row_idx * n + other_idx] = gram[other_idx * n + row_idx] =
                dot(rows.subspan(row_idx * d, d), rows.subspan(other_idx * d, d));
    return gram;
}

std::optional<SideVector> side_vector(const Rows& rows, std::span<const double> vector)
{
    if (vector.empty()) return std::nullopt;
    SideVector side{{}, dot(vector, vector)};
    for (std::size_t row_idx = 0; row_idx < rows.n; ++row_idx) side.products.push_back(dot(rows.row(row_idx), vector));
    return side;
}

class RowsSample final : public CoordinateSample {
public:
    explicit RowsSample(const Rows& rows) : rows_(rows) {}
    [[nodiscard]] std::int64_t coordinates() const override { return static_cast<std::int64_t>(rows_.d); }
    [[nodiscard]] model::Result<std::vector<double>> values(std::span<const std::int64_t> coords) const override
    {
        std::vector<double> chosen;
        chosen.reserve(rows_.n * coords.size());
        for (std::size_t row_idx = 0; row_idx < rows_.n; ++row_idx)
            for (const std::int64_t coord_idx : coords)
                chosen.push_back(rows_.row(row_idx)[static_cast<std::size_t>(coord_idx)]);
        return chosen;
    }

private:
    const Rows& rows_;
};

RoundGeometry geometry_of(const Rows& rows, std::span<const double> num_examples, const SideInputs& side)
{
    RoundGeometry geometry{.n = rows.n,
                           .gram = gram_of(rows.values, rows.n, rows.d),
                           .num_examples = {num_examples.begin(), num_examples.end()},
                           .distances = squared_euclidean_distances(rows.values, rows.n, rows.d)};
    geometry.reference = side_vector(rows, side.reference);
    geometry.previous = side_vector(rows, side.previous);
    geometry.model = side_vector(rows, side.model);
    return geometry;
}

Rows mixed_rows(const Rows& rows, const Mixing& mixing)
{
    Rows result{std::vector<double>(mixing.rows * rows.d, 0.0), mixing.rows, rows.d};
    for (std::size_t row = 0; row < mixing.rows; ++row)
        for (std::size_t source = 0; source < rows.n; ++source) {
            const double share = mixing.matrix[row * rows.n + source];
            if (share == 0.0) continue;
            for (std::size_t coord_idx = 0; coord_idx < rows.d; ++coord_idx)
                result.values[row * rows.d + coord_idx] += share * rows.values[source * rows.d + coord_idx];
        }
    return result;
}

void add_multiple(std::vector<double>& vector, double factor, std::span<const double> row)
{
    if (factor == 0.0) return;
    for (std::size_t coord_idx = 0; coord_idx < vector.size(); ++coord_idx)
        vector[coord_idx] += factor * row[coord_idx];
}

model::Result<void> by_weights(const WeightRule& rule, const Rows& rows, const RoundGeometry& geometry,
                               const RuleSettings& settings, const SideInputs& side, Aggregate& aggregate)
{
    FEDSLEUTH_TRY(RuleWeights how, rule.weights(geometry, settings));
    for (std::size_t row_idx = 0; row_idx < rows.n; ++row_idx)
        add_multiple(aggregate.vector, how.weights[row_idx], rows.row(row_idx));
    add_multiple(aggregate.vector, how.previous_weight, side.previous);
    add_noise(aggregate.vector, how.noise_deviation, settings.seed);
    aggregate.how = std::move(how);
    return {};
}

model::Result<void> by_columns(const ColumnRule& rule, const Rows& rows, const RoundGeometry& geometry,
                               const RuleSettings& settings, Aggregate& aggregate)
{
    FEDSLEUTH_TRY(ColumnChoice choice, rule.choose(geometry, settings));
    std::vector<const double*> pointers;
    for (const std::size_t row_idx : choice.rows) pointers.push_back(rows.row(row_idx).data());
    FEDSLEUTH_CHECK(rule.apply(pointers, static_cast<std::int64_t>(rows.d), choice.settings, aggregate.vector.data()));
    aggregate.notes = choice.notes;
    for (std::string& note : rule.notes(rows.n, settings)) aggregate.notes.push_back(std::move(note));
    if (rule.chooses()) aggregate.choice = std::move(choice);
    return {};
}

}  // namespace

const std::vector<std::size_t>& Aggregate::selected() const
{
    static const std::vector<std::size_t> none;
    return how ? how->selected : choice ? choice->rows : none;
}

const std::vector<double>& Aggregate::scores() const
{
    static const std::vector<double> none;
    return how ? how->scores : choice ? choice->scores : none;
}

model::Result<Aggregate> aggregate_matrix(std::string_view rule, std::span<const double> rows, std::size_t n,
                                          std::size_t d, std::span<const double> num_examples,
                                          const RuleSettings& settings, const SideInputs& side)
{
    FEDSLEUTH_CHECK(check_rows(rows, n, d, num_examples, side));
    const WeightRule* weight_rule = find_weight_rule(rule);
    const ColumnRule* column_rule = find_column_rule(rule);
    if (weight_rule == nullptr && column_rule == nullptr)
        return fail(ErrorCode::not_found, "There is no rule '" + std::string(rule) + "'");
    Aggregate aggregate;
    aggregate.rule = rule;
    aggregate.vector.assign(d, 0.0);

    Rows updates{{rows.begin(), rows.end()}, n, d};
    RoundGeometry geometry{.n = n, .gram = {}, .num_examples = {num_examples.begin(), num_examples.end()}};
    if (weight_rule != nullptr || column_rule->chooses() || !settings.pre.empty())
        geometry = geometry_of(updates, num_examples, side);
    if (!side.history.empty()) geometry.history = gram_of(side.history, n, d);
    std::optional<Mixing> mixing;
    if (!settings.pre.empty()) {
        FEDSLEUTH_TRY(mixing, mix_updates(geometry, settings.pre, settings.seed));
        const MixedRound told = mixed(geometry, *mixing);
        updates = mixed_rows(updates, *mixing);
        geometry = geometry_of(updates, told.geometry.num_examples, side);
        geometry.history = told.geometry.history;
    }
    const RowsSample sample(updates);
    geometry.sample = &sample;

    if (weight_rule != nullptr) {
        FEDSLEUTH_CHECK(by_weights(*weight_rule, updates, geometry, settings, side, aggregate));
        if (mixing) aggregate.how = told_of_updates(*aggregate.how, *mixing);
        aggregate.notes = aggregate.how->notes;
    } else {
        FEDSLEUTH_CHECK(by_columns(*column_rule, updates, geometry, settings, aggregate));
        if (mixing) aggregate.notes.insert(aggregate.notes.begin(), mixing->notes.begin(), mixing->notes.end());
        if (mixing && aggregate.choice) aggregate.choice = told_of_updates(std::move(*aggregate.choice), *mixing);
    }
    aggregate.norm = std::sqrt(dot(aggregate.vector, aggregate.vector));
    return aggregate;
}

}  // namespace fedsleuth::analysis
