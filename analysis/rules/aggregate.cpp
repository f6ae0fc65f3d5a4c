// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/aggregate.h"

#include "analysis/clustering/distances.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace fedsleuth::analysis {
namespace {

using model::ErrorCode;
using model::fail;

model::Result<void> check_rows(std::span<const double> rows, std::size_t n, std::size_t d,
                               std::span<const double> num_examples)
{
    if (n == 0) return fail(ErrorCode::invalid_argument, "There are no rows to aggregate");
    if (rows.size() % n != 0 || rows.size() / n != d)
        return fail(ErrorCode::invalid_argument, "The matrix does not have n × d entries");
    if (num_examples.size() != n)
        return fail(ErrorCode::invalid_argument, "There is not one number of examples for each row");
    for (std::size_t row_idx = 0; row_idx < n; ++row_idx)
        for (std::size_t coord_idx = 0; coord_idx < d; ++coord_idx)
            if (!std::isfinite(rows[row_idx * d + coord_idx]))
                return fail(ErrorCode::invalid_argument,
                            "Row " + std::to_string(row_idx) + " holds a value that is not finite (coordinate " +
                                std::to_string(coord_idx) + ")",
                            {}, "leave the row out");
    return {};
}

std::vector<double> gram_of(std::span<const double> rows, std::size_t n, std::size_t d)
{
    std::vector<double> gram(n * n);
    for (std::size_t row_idx = 0; row_idx < n; ++row_idx)
        for (std::size_t other_idx = row_idx; other_idx < n; ++other_idx) {
            const auto row = rows.subspan(row_idx * d, d);
            const double product =
                std::inner_product(row.begin(), row.end(), rows.subspan(other_idx * d, d).begin(), 0.0);
            gram[row_idx * n + other_idx] = gram[other_idx * n + row_idx] = product;
        }
    return gram;
}

}  // namespace

model::Result<Aggregate> aggregate_matrix(std::string_view rule, std::span<const double> rows, std::size_t n,
                                          std::size_t d, std::span<const double> num_examples,
                                          const RuleSettings& settings)
{
    FEDSLEUTH_CHECK(check_rows(rows, n, d, num_examples));
    Aggregate aggregate;
    aggregate.rule = rule;
    aggregate.vector.assign(d, 0.0);
    if (const WeightRule* weight_rule = find_weight_rule(rule)) {
        const RoundGeometry geometry{.n = n,
                                     .gram = gram_of(rows, n, d),
                                     .num_examples = {num_examples.begin(), num_examples.end()},
                                     .distances = squared_euclidean_distances(rows, n, d)};
        FEDSLEUTH_TRY(RuleWeights how, weight_rule->weights(geometry, settings));
        for (std::size_t row_idx = 0; row_idx < n; ++row_idx) {
            if (how.weights[row_idx] == 0.0) continue;
            for (std::size_t coord_idx = 0; coord_idx < d; ++coord_idx)
                aggregate.vector[coord_idx] += how.weights[row_idx] * rows[row_idx * d + coord_idx];
        }
        aggregate.notes = how.notes;
        aggregate.how = std::move(how);
    } else if (const ColumnRule* column_rule = find_column_rule(rule)) {
        std::vector<const double*> pointers(n);
        for (std::size_t row_idx = 0; row_idx < n; ++row_idx) pointers[row_idx] = rows.data() + row_idx * d;
        FEDSLEUTH_CHECK(column_rule->apply(pointers, static_cast<std::int64_t>(d), settings, aggregate.vector.data()));
        aggregate.notes = column_rule->notes(n, settings);
    } else {
        return fail(ErrorCode::not_found, "There is no rule '" + std::string(rule) + "'");
    }
    double square = 0;
    for (const double value : aggregate.vector) square += value * value;
    aggregate.norm = std::sqrt(square);
    return aggregate;
}

}  // namespace fedsleuth::analysis
