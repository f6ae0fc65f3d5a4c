// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/result.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace fedsleuth::cli {

/// What stands before the values of a .npy file (numpy.lib.format, versions 1.0, 2.0 and 3.0).
struct NpyHeader {
    char kind = 'f';  ///< f: floating point, i: signed integer, u: unsigned integer
    std::size_t element_bytes = 8;
    bool little_endian = true;
    bool fortran_order = false;
    std::vector<std::size_t> shape;
    std::size_t data_offset = 0;
};

/// Reads the header of a file whose bytes are `bytes`; `where` names it in errors (malformed, refused, unsupported).
[[nodiscard]] model::Result<NpyHeader> parse_npy_header(std::string_view bytes, const std::string& where);

}  // namespace fedsleuth::cli
