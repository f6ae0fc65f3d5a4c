// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cblas.h>
#include <unistd.h>
#include <cstdlib>
#include <optional>
#include <string>

namespace fedsleuth::bench {

/// An OpenBLAS that does not know a processor runs its oldest kernels on it. That is what a program that calls it gets,
/// and what our limits are held against; how it would do with the instruction sets that the processor has is measured
/// beside it, without a limit: this starts the program again so. To be called at the end.
inline void again_with_the_best_openblas([[maybe_unused]] char** argv)
{
#if defined(__x86_64__)
    if (std::getenv("OPENBLAS_CORETYPE") != nullptr || std::string(openblas_get_corename()) != "Prescott") return;
    __builtin_cpu_init();
    const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
    if (!avx512 && !__builtin_cpu_supports("avx2")) return;
    setenv("OPENBLAS_CORETYPE", avx512 ? "SkylakeX" : "Haswell", 1);
    execv("/proc/self/exe", argv);
#endif
}

/// `limit` against OpenBLAS as it comes; none against kernels that were forced on it.
inline std::optional<double> limit_as_it_comes(double limit)
{
    return std::getenv("OPENBLAS_CORETYPE") == nullptr ? std::optional(limit) : std::nullopt;
}

}  // namespace fedsleuth::bench
