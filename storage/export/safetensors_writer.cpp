// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/export/safetensors_writer.h"

#include "model/json_writer.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>

namespace fedsleuth::storage {

using model::ErrorCode;
using model::Result;

namespace {

std::string header_of(std::span<const NamedArray> arrays, NumberType type)
{
    const std::int64_t width = type == NumberType::float32 ? 4 : 8;
    std::int64_t offset = 0;
    model::JsonWriter json;
    json.begin_object();
    for (const NamedArray& array : arrays) {
        json.key(array.name).begin_object().field("dtype", type == NumberType::float32 ? "F32" : "F64");
        json.key("shape").begin_array();
        for (const std::int64_t extent : array.shape) json.value(extent);
        json.end_array().key("data_offsets").begin_array().value(offset);
        offset += static_cast<std::int64_t>(array.values.size()) * width;
        json.value(offset).end_array().end_object();
    }
    json.end_object();
    constexpr std::size_t alignment = 8;
    std::string header = json.text();
    header.append((alignment - header.size() % alignment) % alignment, ' ');
    return header;
}

template <class Stored>
void write_values(std::ofstream& stream, std::span<const double> values)
{
    std::vector<Stored> stored(values.begin(), values.end());
    stream.write(reinterpret_cast<const char*>(stored.data()),
                 static_cast<std::streamsize>(stored.size() * sizeof(Stored)));
}

}  // namespace

Result<void> write_safetensors(const std::filesystem::path& path, std::span<const NamedArray> arrays,
                               const WriteOptions& options)
{
    std::set<std::string> names;
    for (const NamedArray& array : arrays) {
        FEDSLEUTH_CHECK(check_shape(array.shape, array.values.size(), path.string() + ", " + array.name));
        if (!names.insert(array.name).second)
            return model::fail(ErrorCode::invalid_argument, "the name \"" + array.name + "\" comes twice",
                               path.string());
    }
    return write_whole(path, options.overwrite, [&](const std::filesystem::path& temporary) -> Result<void> {
        std::ofstream stream(temporary, std::ios::binary | std::ios::trunc);
        const std::string header = header_of(arrays, options.type);
        std::array<char, 8> length{};
        for (std::size_t byte_idx = 0; byte_idx < length.size(); ++byte_idx)
            length[byte_idx] = static_cast<char>(header.size() >> (8 * byte_idx));
        stream.write(length.data(), length.size());
        stream.write(header.data(), static_cast<std::streamsize>(header.size()));
        for (const NamedArray& array : arrays) {
            if (options.type == NumberType::float32)
                write_values<float>(stream, array.values);
            else
                write_values<double>(stream, array.values);
        }
        stream.close();
        if (!stream)
            return model::fail(ErrorCode::io, "can't be written: " + std::string(std::strerror(errno)), path.string());
        return {};
    });
}

}  // namespace fedsleuth::storage
