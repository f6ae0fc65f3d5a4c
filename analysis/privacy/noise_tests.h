// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace fedsleuth::analysis {

// Exact tests of what a stored vector says about the noise in it (pure functions; no model of the data is needed).
// Probabilities are in [0, 1]; degrees of freedom are positive, up to about 1e12.

/// Both tails of a distribution at one point; each is exact to about 1e-12 relative down to 1e-300, where 1 − the other
/// is not.
struct Tails {
    double lower = 0;  ///< P[X ≤ x]
    double upper = 1;  ///< P[X > x]
};

/// χ² with `degrees` of freedom (regularised incomplete gamma functions: series and continued fraction, with Loader's
/// saddle-point form of the density, so that large degrees lose nothing).
[[nodiscard]] Tails chi_square_tails(double x, double degrees);
/// The x with P[X ≤ x] = p, for p in (0, 1); from the upper tail where `upper` is set: P[X > x] = p.
[[nodiscard]] double chi_square_quantile(double p, double degrees, bool upper = false);

/// Noncentral χ² with noncentrality λ ≥ 0 (|mean|² of the Gaussian): the Poisson mixture of central ones, summed over
/// ±12 standard deviations around λ/2, which leaves out less than 1e-30. Above λ = 1e7 Sankaran's normal approximation
/// (error below 1e-6 in probability there).
[[nodiscard]] Tails noncentral_tails(double x, double degrees, double noncentrality);
[[nodiscard]] double noncentral_quantile(double p, double degrees, double noncentrality, bool upper = false);

/// P[X ≥ successes] for X ~ Binomial(trials, rate), summed exactly in log space.
[[nodiscard]] double binomial_upper(std::int64_t successes, std::int64_t trials, double rate);

enum class NoiseKind { gaussian, laplace };

/// The smallest Σ over releases of |u|²/s² that noise of at least that scale gives with probability 1 − α, whatever was
/// under it: coordinates are symmetric and unimodal around the signal, so |u|² is stochastically least without signal
/// (Anderson). `coordinates`: d × releases. s: the standard deviation (Gaussian) or the scale b (Laplace) of one
/// coordinate. For Laplace noise the sum is taken as a Gamma variable of the same mean and variance, whose lower tail
/// is the heavier one: conservative.
[[nodiscard]] double noise_floor(double coordinates, double alpha, NoiseKind kind = NoiseKind::gaussian);

/// The largest Σ |u|²/s² that a signal of Σ |g|²/s² ≤ `signal` leaves with probability 1 − α: the noncentral quantile
/// for Gaussian noise; for Laplace noise mean + sd·(z + skewness·(z² − 1)/6) (Cornish and Fisher), for 50 coordinates
/// or more.
[[nodiscard]] double clip_ceiling(double coordinates, double signal, double alpha,
                                  NoiseKind kind = NoiseKind::gaussian);

/// P[√n·D ≥ observed] of Kolmogorov's distribution with Stephens' correction for finite n; n ≥ 5.
[[nodiscard]] double kolmogorov_p(double statistic, std::int64_t n);

/// Two-sided p of the number of runs among the signs (Wald and Wolfowitz, normal approximation); nothing below 20 signs
/// of each kind. Zeros are left out by the caller.
[[nodiscard]] std::optional<double> sign_runs_p(std::int64_t positive, std::int64_t negative, std::int64_t runs);

/// Distance of sorted standardised values from the standard normal (Gaussian) or from the Laplace law of variance 1.
[[nodiscard]] double distance_from_noise(std::span<const float> sorted, double mean, double deviation, NoiseKind kind);

}  // namespace fedsleuth::analysis
