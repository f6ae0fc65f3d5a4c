// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>

namespace fedsleuth::analysis {

/// out = A·x for a symmetric n × n row-major matrix, of which only the lower triangle is read: at n = 1,000 the memory
/// is what it takes. Sums run in eight partial sums over the columns left of a block of four rows, without fused
/// multiply-add: all instruction sets agree to the bit. `out` is another vector than x.
void symmetric_product(const double* matrix, std::size_t n, const double* x, double* out);

/// The same for one instruction set.
struct SymmetricKernel {
    const char* name;
    void (*product)(const double* matrix, std::size_t n, const double* x, double* out);
};

/// Those that this processor can run, the fastest first; the last one runs anywhere.
[[nodiscard]] std::span<const SymmetricKernel> symmetric_kernels();

}  // namespace fedsleuth::analysis
