// SPDX-License-Identifier: GPL-3.0-or-later
#include "fuzz/filter_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    fedsleuth::fuzz::filter({data, size});
    return 0;
}
