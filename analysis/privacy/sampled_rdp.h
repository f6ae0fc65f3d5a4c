// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <span>
#include <vector>

namespace fedsleuth::analysis {

/// ln C(n, k).
[[nodiscard]] double log_binomial(double n, double k);

/// (α − 1) · RDP of a Poisson-sampled mechanism at integer α ≥ 2, from its cumulants k(i) = (i − 1) RDP(i), exact for
/// the remove direction: ln Σ C(α,i) (1−q)^{α−i} q^i e^{k(i)}. The terms 0 and 1, whose k is 0, are summed in closed
/// form, so that a tiny result keeps its digits. Infinite where some k(i) is.
[[nodiscard]] double poisson_cumulant(double q, int order, const std::function<double(int)>& cumulant);

/// (α − 1) · RDP of the Poisson-sampled Gaussian at any orders α > 1, by the trapezoidal rule on the definition, which
/// converges exponentially: E_Q[(dP/dQ)^α] − 1 as an integral of a function that is nowhere negative. 0 < q < 1, σ > 0.
[[nodiscard]] std::vector<double> sampled_gaussian_cumulants(double q, double sigma, std::span<const double> orders);

/// The same without replacement for replace-one neighbours, Gaussian noise, at integer orders ≥ 1 (WBK Theorem 27,
/// whose even differences are moments of dP/dQ − 1 and integrated as such; above order 256 its simpler branch).
[[nodiscard]] std::vector<double> without_replacement_gaussian_cumulants(double q, double sigma,
                                                                         std::span<const int> orders);
/// For any mechanism of RDP(i) = rdp(i) and pure ε = rdp(∞) (WBK Theorem 9).
[[nodiscard]] double without_replacement_cumulant(double q, int order, const std::function<double(int)>& rdp,
                                                  double pure_epsilon);

}  // namespace fedsleuth::analysis
