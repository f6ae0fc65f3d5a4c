// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/example_weights.h"

#include <cmath>
#include <string>

namespace fedsleuth::analysis {

model::Result<std::vector<double>> example_weights(const RoundGeometry& round, std::span<const std::size_t> members,
                                                   std::string_view rule)
{
    using model::ErrorCode;
    if (round.num_examples.size() != round.n)
        return model::fail(ErrorCode::invalid_argument, "There is not one number of examples for each update",
                           std::string(rule));
    double total = 0;
    for (const std::size_t client_idx : members) {
        const double examples = round.num_examples[client_idx];
        if (!std::isfinite(examples) || examples < 0)
            return model::fail(
                ErrorCode::invalid_argument,
                "Update " + std::to_string(client_idx) + " has a negative or non-finite number of examples",
                std::string(rule));
        total += examples;
    }
    if (!(total > 0))
        return model::fail(ErrorCode::invalid_argument, "The numbers of examples are all 0", std::string(rule));
    std::vector<double> weights(round.n, 0.0);
    for (const std::size_t client_idx : members) weights[client_idx] = round.num_examples[client_idx] / total;
    return weights;
}

std::vector<double> equal_weights(std::size_t n, std::span<const std::size_t> members)
{
    std::vector<double> weights(n, 0.0);
    for (const std::size_t client_idx : members) weights[client_idx] = 1.0 / static_cast<double>(members.size());
    return weights;
}

}  // namespace fedsleuth::analysis
