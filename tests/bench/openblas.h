// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cblas.h>
#include <unistd.h>
#include <cstdlib>
#include <string>

namespace fedsleuth::bench {

/// An OpenBLAS that does not know a processor runs its oldest kernels on it, and beating those proves nothing. This
/// starts the program again with the kernels of the instruction sets that the processor has; to be called first.
inline void run_with_the_best_openblas(char** argv)
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

}  // namespace fedsleuth::bench
