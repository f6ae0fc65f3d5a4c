// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fedsleuth::storage {

/// What the dictionary of an .npy header says.
struct NpyLiteral {
    std::string descr;         ///< "<f4"; empty where it is a list: a structured array
    bool structured = false;
    bool fortran_order = false;
    std::vector<std::int64_t> shape;
};

/// Parses the Python dictionary that NumPy writes: exactly the keys 'descr', 'fortran_order' and 'shape', each once, in
/// any order; strings without escapes; whole numbers, an L behind them where `python2_longs`. Nothing is evaluated.
/// Errors: malformed, with the byte in the header.
[[nodiscard]] model::Result<NpyLiteral> parse_npy_literal(std::string_view text, bool python2_longs,
                                                          const std::string& where);

}  // namespace fedsleuth::storage
