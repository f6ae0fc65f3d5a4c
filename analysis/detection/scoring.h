// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/detector_scores.h"
#include "model/round_ledger.h"

#include <limits>
#include <string_view>
#include <vector>

namespace fedsleuth::analysis {

/// Does not apply to this client.
inline constexpr double not_applicable = std::numeric_limits<double>::quiet_NaN();

/// The cosine of two vectors from their product and squares, held within ±1; not_applicable where one is zero.
[[nodiscard]] double cosine_of(double product, double square_a, double square_b);

/// ln max(x, 1e-300) of each.
[[nodiscard]] std::vector<double> logs(const std::vector<double>& values);

/// On which side of its crowd a value is evidence.
enum class Side { both, low, high };

/// Scores from a statistic (n, in the ledger's order); `measured` is the same statistic on the scale on which its
/// spread is even, `floor` the smallest spread that the crowd is credited with there.
[[nodiscard]] model::DetectorScores scored(const model::RoundLedger& ledger, std::string_view name,
                                           std::vector<double> statistic, const std::vector<double>& measured,
                                           double floor, Side side);

/// The same for cosines, measured on Fisher's scale.
[[nodiscard]] model::DetectorScores scored_cosine(const model::RoundLedger& ledger, std::string_view name,
                                                  const std::vector<double>& cosines, Side side);

}  // namespace fedsleuth::analysis
