// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/rules/rule.h"

#include <cstddef>
#include <span>
#include <vector>

namespace fedsleuth::analysis {

/// The updates and one vector more (v: the previous step, or the origin) as points p_k, and the points x = Σ w_k p_k,
/// Σ w_k = 1, between them: all by the inner products of differences to one point c in the midst of the others. Each of
/// those products is made of the Gram matrix or of the distances, whichever loses fewer digits: an update that is far
/// longer than the rest costs none, nor does an offset that all have in common.
class SpanPoints {
public:
    /// The updates as points 0 … n − 1, `v` as point n; no v: the origin.
    SpanPoints(const RoundGeometry& round, const std::optional<SideVector>& v);

    [[nodiscard]] std::size_t size() const { return points_; }
    /// |p_i − x| for all points; `weights`: size() of them, summing to 1.
    [[nodiscard]] std::vector<double> distances_to(std::span<const double> weights) const;

private:
    std::size_t points_;
    std::vector<double> products_;  ///< points × points: ⟨p_i − c, p_k − c⟩
};

}  // namespace fedsleuth::analysis
