// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fedsleuth::model {

enum class ElementType { float16, bfloat16, float32, float64, int8, int16, int32, int64, uint8, uint16, uint32, uint64, boolean };

[[nodiscard]] constexpr bool is_float(ElementType type)
{
    return type == ElementType::float16 || type == ElementType::bfloat16 || type == ElementType::float32 ||
           type == ElementType::float64;
}
[[nodiscard]] constexpr std::int64_t bytes_of(ElementType type)
{
    switch (type) {
    case ElementType::int8:
    case ElementType::uint8:
    case ElementType::boolean: return 1;
    case ElementType::float16:
    case ElementType::bfloat16:
    case ElementType::int16:
    case ElementType::uint16: return 2;
    case ElementType::float32:
    case ElementType::int32:
    case ElementType::uint32: return 4;
    case ElementType::float64:
    case ElementType::int64:
    case ElementType::uint64: return 8;
    }
    return 0;
}

/// "float32", "int64", …
[[nodiscard]] std::string_view name_of(ElementType type);

/// One tensor as a snapshot file names it.
struct TensorInfo {
    std::string name;  ///< empty for a bare .npy
    ElementType type = ElementType::float32;
    std::vector<std::int64_t> shape;
    std::int64_t count = 0;  ///< elements
};

}  // namespace fedsleuth::model
