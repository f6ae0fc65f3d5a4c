// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/privacy/event.h"

namespace fedsleuth::analysis {

/// δ(ε) of μ-GDP, the tight curve of a Gaussian with σ = 1/μ: Φ(−ε/μ + μ/2) − e^ε Φ(−ε/μ − μ/2) (Balle and Wang 2018;
/// Dong, Roth, Su 2019), to a relative 1e-12 or so even where both terms are tiny. Any ε;
/// μ ≥ 0 (infinite: δ = 1).
[[nodiscard]] double gdp_delta(double mu, double epsilon);
/// The least ε with gdp_delta ≤ δ; infinite at δ = 0 and μ > 0.
[[nodiscard]] double gdp_epsilon(double mu, double delta);

/// Central limit of `event.count` Poisson-sampled Gaussians: q √(T (e^{1/σ²} − 1)). Less than the truth.
[[nodiscard]] double clt_mu(const PrivacyEvent& event);

/// The two hockey sticks of one Poisson-sampled Gaussian at any real ε, remove: P = (1−q)N(0,σ²) + qN(1,σ²) against
/// Q = N(0,σ²), and add, which is the same pair swapped. σ > 0, q in (0, 1].
[[nodiscard]] double remove_delta(double sigma, double q, double epsilon);
[[nodiscard]] double add_delta(double sigma, double q, double epsilon);
/// The least ε ≥ 0 at which one use is (ε, δ)-DP in either direction.
[[nodiscard]] double sampled_gaussian_epsilon(double sigma, double q, double delta);

}  // namespace fedsleuth::analysis
