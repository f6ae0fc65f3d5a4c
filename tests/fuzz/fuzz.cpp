// SPDX-License-Identifier: GPL-3.0-or-later
// One libFuzzer program; FEDSLEUTH_FUZZ_TARGET is the function of targets.h that it runs.
#include "fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    fedsleuth::fuzz::FEDSLEUTH_FUZZ_TARGET({data, size});
    return 0;
}
