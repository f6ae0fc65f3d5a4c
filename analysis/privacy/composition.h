// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/privacy/event.h"

namespace fedsleuth::analysis {

/// The least ε with which one use of `event` is (ε, δ)-DP: exact for the Gaussian and Laplace, Poisson-sampled or not.
/// Without replacement: ln(1 + q (e^ε − 1)) at δ/q (Balle, Barthe, Gaboardi 2018). ρ-zCDP: ρ + 2√(ρ ln 1/δ). Infinite
/// where there is none.
[[nodiscard]] double epsilon_once(const PrivacyEvent& event, double delta);

/// Σ ε, Σ δ ≤ δ: pure and (ε, δ) mechanisms keep theirs, what is left of δ goes to all other steps in equal shares.
[[nodiscard]] double basic_epsilon(std::span<const PrivacyEvent> history, double delta);

/// Σ ε (e^ε − 1) + √(2 ln(1/δ') Σ ε²) (Dwork, Rothblum, Vadhan 2010, Thm III.3; for one ε repeated: their formula).
/// δ' is what pure and (ε, δ) mechanisms leave of δ; where other mechanisms want a δ too, half of that goes to them.
[[nodiscard]] double advanced_epsilon(std::span<const PrivacyEvent> history, double delta);

/// Optimal composition of one (ε₀, δ₀) k times: the least value of its grid ε₀ (k − 2i) that reaches δ (Kairouz, Oh,
/// Viswanath 2015, Thm 3.3). Infinite where none does.
[[nodiscard]] double optimal_epsilon(double epsilon, double delta_each, std::int64_t times, double delta);

/// ρ of the history; infinite where it has none ((ε, δ) with δ > 0). Sampling brings nothing here.
[[nodiscard]] double zcdp_rho(std::span<const PrivacyEvent> history);
/// ρ + 2 √(ρ ln 1/δ) (Bun and Steinke 2016, Prop. 1.3).
[[nodiscard]] double zcdp_epsilon(double rho, double delta);

// Group privacy: what (ε, δ) for one record says about k at once.

/// kε, for any mechanism.
[[nodiscard]] double group_epsilon(double epsilon, double group);
/// δ (e^{kε} − 1) / (e^ε − 1).
[[nodiscard]] double group_delta(double epsilon, double delta, double group);
/// The history as a group of k sees it, where that is exact: unsampled Gaussians and trees with σ/k, Laplace with b/k,
/// zCDP with k²ρ, pure ε with kε. Nothing where an event is sampled or has a δ.
[[nodiscard]] std::optional<PrivacyHistory> group_history(std::span<const PrivacyEvent> history, double group);

}  // namespace fedsleuth::analysis
