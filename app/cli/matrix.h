// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/result.h"

#include <cstddef>
#include <filesystem>
#include <vector>

namespace fedsleuth::cli {

// The bare mathematics works on float64, as NumPy hands it out; the snapshot readers of the evidence give float32.

/// n rows by d columns, row-major.
struct Matrix {
    std::size_t rows = 0;
    std::size_t columns = 0;
    std::vector<double> values;
};

/// Reads a .npy file of float16, float32, float64 or integers, either byte order, C or Fortran order. Strict: the
/// header must be NumPy's, the file exactly as long as the header says, every integer exact in a float64. Errors:
/// not_found, io, malformed; refused for object arrays; invalid_argument where the shape is not 2-D (1-D), or empty.
[[nodiscard]] model::Result<Matrix> read_matrix(const std::filesystem::path& file);
[[nodiscard]] model::Result<std::vector<double>> read_vector(const std::filesystem::path& file);

}  // namespace fedsleuth::cli
