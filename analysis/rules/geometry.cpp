// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/rule.h"

#include <algorithm>

namespace fedsleuth::analysis {

std::vector<double> squared_distances(const RoundGeometry& round)
{
    if (!round.distances.empty()) return round.distances;
    const std::size_t n = round.n;
    std::vector<double> own(n);
    for (std::size_t client_idx = 0; client_idx < n; ++client_idx) own[client_idx] = round.gram[client_idx * (n + 1)];
    std::vector<double> squares(n * n);
    for (std::size_t client_idx = 0; client_idx < n; ++client_idx) {
        const double* products = round.gram.data() + client_idx * n;
        double* row = squares.data() + client_idx * n;
        for (std::size_t other_idx = 0; other_idx < n; ++other_idx)
            row[other_idx] = std::max(0.0, own[client_idx] + own[other_idx] - 2.0 * products[other_idx]);
        row[client_idx] = 0.0;
    }
    return squares;
}

}  // namespace fedsleuth::analysis
