// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rules/rule.h"

#include <algorithm>

namespace fedsleuth::analysis {

std::vector<double> squared_distances(const RoundGeometry& round)
{
    if (!round.distances.empty()) return {round.distances.begin(), round.distances.end()};
    const std::size_t n = round.n;
    std::vector<double> squares(n * n, 0.0);
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = i + 1; j < n; ++j)
            squares[i * n + j] = squares[j * n + i] =
                std::max(0.0, round.gram[i * n + i] + round.gram[j * n + j] - 2.0 * round.gram[i * n + j]);
    return squares;
}

}  // namespace fedsleuth::analysis
