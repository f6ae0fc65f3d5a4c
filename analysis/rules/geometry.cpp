// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/rule.h"

#include <algorithm>

namespace fedsleuth::analysis {

std::vector<double> squared_distances(const RoundGeometry& round)
{
    if (!round.distances.empty()) return round.distances;
    const std::size_t n = round.n;
    std::vector<double> squares(n * n, 0.0);
    const auto gram = [&](std::size_t client_idx, std::size_t other_idx) {
        return round.gram[client_idx * n + other_idx];
    };
    for (std::size_t client_idx = 0; client_idx < n; ++client_idx)
        for (std::size_t other_idx = client_idx + 1; other_idx < n; ++other_idx) {
            const double square =
                gram(client_idx, client_idx) + gram(other_idx, other_idx) - 2.0 * gram(client_idx, other_idx);
            squares[client_idx * n + other_idx] = squares[other_idx * n + client_idx] = std::max(0.0, square);
        }
    return squares;
}

}  // namespace fedsleuth::analysis
