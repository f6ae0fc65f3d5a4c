// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/snapshot.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace fedsleuth::storage {

/// What an allowed global stands for.
enum class GlobalRole : std::uint8_t {
    ordered_dict,
    rebuild_tensor_v2,
    rebuild_tensor_v3,
    rebuild_parameter,
    size,
    storage_type,
    untyped_storage,
    dtype,
};

struct AllowedGlobal {
    std::string_view module;
    std::string_view name;
    GlobalRole role;
    model::ElementType type = model::ElementType::float32;  ///< of a storage type or a dtype
};

/// Everything that a pickle may ask for. Smaller than the list of torch's own weights_only reader, on purpose: each
/// entry is data, and a state_dict needs no more. A list of what is forbidden would always lack something.
inline constexpr std::array<AllowedGlobal, 36> allowed_globals{{
    {"collections", "OrderedDict", GlobalRole::ordered_dict},
    {"torch._utils", "_rebuild_tensor_v2", GlobalRole::rebuild_tensor_v2},
    {"torch._utils", "_rebuild_tensor_v3", GlobalRole::rebuild_tensor_v3},
    {"torch._utils", "_rebuild_parameter", GlobalRole::rebuild_parameter},
    {"torch", "Size", GlobalRole::size},
    {"torch.storage", "UntypedStorage", GlobalRole::untyped_storage},
    {"torch", "UntypedStorage", GlobalRole::untyped_storage},
    {"torch", "FloatStorage", GlobalRole::storage_type, model::ElementType::float32},
    {"torch", "DoubleStorage", GlobalRole::storage_type, model::ElementType::float64},
    {"torch", "HalfStorage", GlobalRole::storage_type, model::ElementType::float16},
    {"torch", "BFloat16Storage", GlobalRole::storage_type, model::ElementType::bfloat16},
    {"torch", "LongStorage", GlobalRole::storage_type, model::ElementType::int64},
    {"torch", "IntStorage", GlobalRole::storage_type, model::ElementType::int32},
    {"torch", "ShortStorage", GlobalRole::storage_type, model::ElementType::int16},
    {"torch", "CharStorage", GlobalRole::storage_type, model::ElementType::int8},
    {"torch", "ByteStorage", GlobalRole::storage_type, model::ElementType::uint8},
    {"torch", "BoolStorage", GlobalRole::storage_type, model::ElementType::boolean},
    {"torch", "float16", GlobalRole::dtype, model::ElementType::float16},
    {"torch", "half", GlobalRole::dtype, model::ElementType::float16},
    {"torch", "bfloat16", GlobalRole::dtype, model::ElementType::bfloat16},
    {"torch", "float32", GlobalRole::dtype, model::ElementType::float32},
    {"torch", "float", GlobalRole::dtype, model::ElementType::float32},
    {"torch", "float64", GlobalRole::dtype, model::ElementType::float64},
    {"torch", "double", GlobalRole::dtype, model::ElementType::float64},
    {"torch", "int8", GlobalRole::dtype, model::ElementType::int8},
    {"torch", "int16", GlobalRole::dtype, model::ElementType::int16},
    {"torch", "short", GlobalRole::dtype, model::ElementType::int16},
    {"torch", "int32", GlobalRole::dtype, model::ElementType::int32},
    {"torch", "int", GlobalRole::dtype, model::ElementType::int32},
    {"torch", "int64", GlobalRole::dtype, model::ElementType::int64},
    {"torch", "long", GlobalRole::dtype, model::ElementType::int64},
    {"torch", "uint8", GlobalRole::dtype, model::ElementType::uint8},
    {"torch", "uint16", GlobalRole::dtype, model::ElementType::uint16},
    {"torch", "uint32", GlobalRole::dtype, model::ElementType::uint32},
    {"torch", "uint64", GlobalRole::dtype, model::ElementType::uint64},
    {"torch", "bool", GlobalRole::dtype, model::ElementType::boolean},
}};

[[nodiscard]] constexpr std::optional<std::uint16_t> find_global(std::string_view module, std::string_view name)
{
    for (std::size_t idx = 0; idx < allowed_globals.size(); ++idx)
        if (allowed_globals[idx].module == module && allowed_globals[idx].name == name)
            return static_cast<std::uint16_t>(idx);
    return std::nullopt;
}

}  // namespace fedsleuth::storage
