// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace fedsleuth::analysis {

inline constexpr std::size_t curvature_window = 10;  ///< pairs of a step and the change of the honest update over it

/// How a deviation e of the model changes by one round of honest training: J e with J = ∂update/∂model, estimated by
/// L-BFGS from the last rounds (Byrd, Nocedal & Schnabel 1994, eq. 3.5, as FedRecover uses it, Cao et al. 2023).
struct CurvatureStep {
    std::vector<double> coefficients;  ///< of J e over the rows that were handed in; empty: J = 0 (frozen)
    std::size_t pairs = 0;             ///< that passed the curvature guard s'y > 1e-8 |s||y|
    bool stretched = false;        ///< the estimate would let e grow faster than any step in the window did: not used
    std::optional<double> secant;  ///< |s + y| / |s| of the latest pair: how honest training answers a deviation
};

/// `products`: inner products of the 2 m + 2 rows e, s₁ … s_m, g₀ … g_m, row-major. s_j is the step that led to the
/// model at which g_{j−1} was computed, latest first; g_j the honest aggregate of the round before that of g_{j−1}; the
/// pairs are (s_j, g_{j−1} − g_j). m may be 0: then only the secant is missing too.
[[nodiscard]] CurvatureStep curvature_step(std::span<const double> products, std::size_t m);

}  // namespace fedsleuth::analysis
