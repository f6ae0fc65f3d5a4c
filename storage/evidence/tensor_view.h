// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/result.h"
#include "model/snapshot.h"
#include "storage/evidence/byte_file.h"

#include <cstdint>
#include <vector>

namespace fedsleuth::storage {

/// How one tensor lies in its bytes. Whoever makes a view has checked that every element is inside the source.
struct TensorView {
    model::ElementType type = model::ElementType::float32;
    bool big_endian = false;
    std::int64_t base = 0;              ///< byte of the element at index (0, 0, …)
    std::vector<std::int64_t> shape;
    std::vector<std::int64_t> strides;  ///< elements, none negative; empty: row-major without gaps
    std::int64_t count = 0;             ///< elements of the shape

    [[nodiscard]] bool contiguous() const { return strides.empty(); }
};

/// Takes strides into the view; ones that only say "row-major without gaps" are left out again.
void set_strides(TensorView& view, std::vector<std::int64_t> strides);

/// Strides of column-major (Fortran) order.
[[nodiscard]] std::vector<std::int64_t> column_major_strides(const std::vector<std::int64_t>& shape);

/// Elements first … first + count − 1 in row-major order of the shape. Memory is bounded whatever `count` is. A view
/// that is not contiguous is read in the order of its storage, once for every 2^18 elements.
[[nodiscard]] model::Result<void> read_floats(ByteSource& source, const TensorView& view, std::int64_t first,
                                              std::int64_t count, float* out);
[[nodiscard]] model::Result<void> read_integers(ByteSource& source, const TensorView& view, std::int64_t first,
                                                std::int64_t count, std::int64_t* out);

}  // namespace fedsleuth::storage
