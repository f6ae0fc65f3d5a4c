// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/verdict/judges.h"

#include <algorithm>
#include <cmath>

namespace fedsleuth::analysis {

namespace {

#include "analysis/verdict/trained/judges.inc"

}  // namespace

const Judges& trained_judges() { return judges; }

double p_value(std::span<const NullCell> library, double clients, double log_odds)
{
    if (library.empty()) return 1;
    auto cell = std::find_if(library.begin(), library.end(),
                             [&](const NullCell& candidate) { return clients <= candidate.most_clients; });
    if (cell == library.end()) --cell;
    if (log_odds > cell->tail_from) {
        const double beyond = (log_odds - cell->tail_from) / cell->tail_scale;
        const double survival = std::abs(cell->tail_shape) < 1e-6
                                    ? std::exp(-beyond)
                                    : std::pow(std::max(1 + cell->tail_shape * beyond, 0.0), -1 / cell->tail_shape);
        // The tail is a model: it is not believed beyond a twentieth of what was seen.
        return std::max(cell->tail_share * survival, 0.05 / cell->count);
    }
    const auto above = cell->quantiles.end() -
                       std::lower_bound(cell->quantiles.begin(), cell->quantiles.end(), static_cast<float>(log_odds));
    return (static_cast<double>(above) + 0.5) / (static_cast<double>(cell->quantiles.size()) + 0.5);
}

}  // namespace fedsleuth::analysis
