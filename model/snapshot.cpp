// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/snapshot.h"

namespace fedsleuth::model {

std::string_view name_of(ElementType type)
{
    switch (type) {
        case ElementType::float16:
            return "float16";
        case ElementType::bfloat16:
            return "bfloat16";
        case ElementType::float32:
            return "float32";
        case ElementType::float64:
            return "float64";
        case ElementType::int8:
            return "int8";
        case ElementType::int16:
            return "int16";
        case ElementType::int32:
            return "int32";
        case ElementType::int64:
            return "int64";
        case ElementType::uint8:
            return "uint8";
        case ElementType::uint16:
            return "uint16";
        case ElementType::uint32:
            return "uint32";
        case ElementType::uint64:
            return "uint64";
        case ElementType::boolean:
            return "bool";
    }
    return "unknown";
}

}  // namespace fedsleuth::model
