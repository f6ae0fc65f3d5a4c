// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/snapshot.h"

#include <cstddef>
#include <cstdint>

namespace fedsleuth::storage {

/// `count` stored elements of a float type as float32. float64 is rounded to nearest; what is finite there and beyond
/// float32 becomes an infinity. NaN stays NaN. `in` needs no alignment.
void decode_floats(model::ElementType type, bool big_endian, const std::byte* in, std::int64_t count, float* out);

/// `count` stored elements of an integer or boolean type. uint64 above 2^63 wraps; a boolean is 0 or 1.
void decode_integers(model::ElementType type, bool big_endian, const std::byte* in, std::int64_t count,
                     std::int64_t* out);

}  // namespace fedsleuth::storage
