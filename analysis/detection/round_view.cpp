// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/detection/round_view.h"

#include "analysis/detection/robust.h"
#include "analysis/detection/scoring.h"

#include <algorithm>
#include <cmath>

namespace fedsleuth::analysis {

using model::RoundLedger;

std::vector<double> centred_gram(const std::vector<double>& gram, const std::vector<double>& to_centre,
                                 double centre_square)
{
    const std::size_t n = to_centre.size();
    std::vector<double> centred(n * n);
    for (std::size_t row = 0; row < n; ++row)
        for (std::size_t column = 0; column < n; ++column)
            centred[row * n + column] = gram[row * n + column] - to_centre[row] - to_centre[column] + centre_square;
    return centred;
}

std::vector<double> cosines_of(const std::vector<double>& centred, const std::vector<double>& scale)
{
    const std::size_t n = scale.size();
    std::vector<double> inverse(n, 0.0);  // 0: a residual that is rounding only has no direction
    for (std::size_t row = 0; row < n; ++row) {
        const double square = centred[row * n + row];
        if (square > 1e-12 * scale[row]) inverse[row] = 1 / std::sqrt(square);
    }
    std::vector<double> cosines(n * n, 0.0);
    for (std::size_t row = 0; row < n; ++row)
        for (std::size_t column = 0; column < n; ++column)
            if (row != column)
                cosines[row * n + column] =
                    std::clamp(centred[row * n + column] * inverse[row] * inverse[column], -1.0, 1.0);
    return cosines;
}

RoundView::RoundView(const RoundLedger& of)
    : ledger(of),
      n(of.size()),
      gram(of.total_gram()),
      to_median(of.total(&RoundLedger::PerLayer::median_products)),
      median_square(of.total(&RoundLedger::PerLayer::median_square))
{
    to_median.resize(n, 0.0);
    std::vector<double> squares;
    for (std::size_t client_idx = 0; client_idx < n; ++client_idx) {
        squares.push_back(gram[client_idx * n + client_idx]);
        lengths.push_back(std::sqrt(std::max(squares.back(), 0.0)));
    }
    median_length = n > 0 ? median_of(lengths) : 0;
    residual_gram = centred_gram(gram, to_median, median_square);
    residual_cosines = cosines_of(residual_gram, squares);

    const std::vector<double> own = of.total(&RoundLedger::PerLayer::own_products);
    const std::vector<double> own_squares = of.total(&RoundLedger::PerLayer::own_squares);
    own_cosines.assign(n, not_applicable);
    for (std::size_t client_idx = 0; client_idx < n && client_idx < own.size(); ++client_idx)
        if (of.own_rounds[client_idx])
            own_cosines[client_idx] = cosine_of(own[client_idx], squares[client_idx], own_squares[client_idx]);
}

}  // namespace fedsleuth::analysis
