// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/privacy/event.h"

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace fedsleuth::analysis {

/// The two tight pairs of an event. Remove: with the record (P) against without (Q); add: the other way round.
enum class Direction { remove, add };

/// What one use of a mechanism loses, moved to the grid i · interval by connecting the dots (Doroshenko, Ghazi, Kamath,
/// Kumar, Manurangsi 2022): the discrete pair has the mechanism's δ at every grid point and more in between, so that
/// nothing computed from it is ever too little. One grid serves both directions: in the add direction the loss is −ε_i,
/// and its mass is e^{−ε_i} mass_i.
struct LossGrid {
    double interval = 0;
    std::int64_t first = 0;      ///< grid index of mass[0]
    std::vector<double> mass;    ///< of P, at (first + k) · interval
    double infinite_remove = 0;  ///< mass of an unbounded loss, in the remove direction
    double infinite_add = 0;     ///< and in the add direction
    std::shared_ptr<const LossGrid>
        coarse;  ///< about 2,000 points with the same mass and mean, where there are many more

    [[nodiscard]] std::int64_t last() const { return first + static_cast<std::int64_t>(mass.size()) - 1; }
};

/// How many grid points an event needs before `tail` of its δ is cut off at either end.
[[nodiscard]] double loss_grid_points(const PrivacyEvent& event, double interval, double tail);

/// The grid of one use of a Gaussian, Laplace or (ε, δ) event, not sampled or Poisson-sampled (one that compacted()
/// left, with noise above 0). Mass beyond δ = `tail` is counted as unbounded loss.
[[nodiscard]] LossGrid loss_grid(const PrivacyEvent& event, double interval, double tail);

/// ln E[e^{t·loss}] over the finite losses, with its first two derivatives; remove direction. The add direction's at t
/// is this at −1 − t (and its mean negated).
struct Cumulant {
    double value = 0;
    double mean = 0;
    double variance = 0;
};
[[nodiscard]] Cumulant cumulant(const LossGrid& grid, double t);

/// Grids that several histories share, each made once. Safe to use from several threads.
class LossGrids {
public:
    [[nodiscard]] std::shared_ptr<const LossGrid> of(const PrivacyEvent& event, double interval, double tail);

private:
    struct Entry {
        PrivacyEvent event;
        double interval;
        double tail;
        std::shared_ptr<const LossGrid> grid;
    };
    std::mutex mutex_;
    std::vector<Entry> entries_;
    std::size_t points_ = 0;
};

}  // namespace fedsleuth::analysis
