// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <complex>
#include <cstdint>
#include <vector>

namespace fedsleuth::analysis {

/// The least length of at least `wanted` that the transform likes: even, of the primes 2, 3 and 5.
[[nodiscard]] std::size_t transform_size(std::size_t wanted);

/// Σ_n x_n e^{−2πi k n / N} for k = 0 … N/2 of N real values (FFTW). N even.
[[nodiscard]] std::vector<std::complex<double>> forward_transform(std::vector<double>& values);
/// The way back, not normalised: N times the values. Destroys `spectrum`.
[[nodiscard]] std::vector<double> backward_transform(std::vector<std::complex<double>>& spectrum);

/// value^power by squaring.
[[nodiscard]] std::complex<double> integer_power(std::complex<double> value, std::int64_t power);

}  // namespace fedsleuth::analysis
