// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace fedsleuth::analysis {

/// A·x for a symmetric n × n matrix. At these sizes BLAS and its threads cost more than they bring.
[[nodiscard]] std::vector<double> symmetric_product(std::span<const double> matrix, std::span<const double> x);

/// The inner products of n vectors about their weighted mean, ⟨x_i − μ, x_j − μ⟩ with μ = Σ w_k x_k, Σ w_k = 1, out of
/// their squared distances: −½ (d_ij − (dw)_i − (dw)_j + wᵀdw). Near-copies keep their digits.
[[nodiscard]] std::vector<double> centred_gram(std::span<const double> squared_distances,
                                               std::span<const double> weights);

struct EigenPair {
    double value = 0;
    std::vector<double> vector;  ///< n, of length 1
};

/// The largest eigenvalue of a symmetric positive semi-definite n × n matrix and its eigenvector: Lanczos with full
/// re-orthogonalisation from a fixed start, until the eigenvector is known to about 10⁻¹² (or the whole space is
/// spanned). The zero matrix gives 0 and a constant vector.
[[nodiscard]] EigenPair top_eigenpair(std::span<const double> matrix, std::size_t n);

/// The same for a matrix that is known by its products, multiply(x, out), and by its largest entry.
[[nodiscard]] EigenPair top_eigenpair(std::size_t n, double largest_entry,
                                      const std::function<void(const double*, double*)>& multiply);

}  // namespace fedsleuth::analysis
