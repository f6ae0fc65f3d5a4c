// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/export/model_safetensors.h"

#include "model/json_writer.h"
#include "storage/export/npy_writer.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace fedsleuth::storage {

using model::Result;

namespace {

static_assert(std::endian::native == std::endian::little, "numbers are written as they lie in memory");

constexpr std::size_t alignment = 8;    // of the numbers, as the format advises
constexpr std::int64_t piece = 65'536;  // coordinates

/// The header's JSON, padded with spaces, behind its own length.
std::string header_of(std::span<const model::Layer> layers)
{
    model::JsonWriter json;
    std::int64_t at = 0;
    json.begin_object();
    for (const model::Layer& layer : layers) {
        if (layer.counter) continue;
        const std::int64_t end = at + layer.count * static_cast<std::int64_t>(sizeof(float));
        json.key(layer.name).begin_object().field("dtype", "F32").key("shape").begin_array();
        for (const std::int64_t size : layer.shape) json.value(size);
        json.end_array().key("data_offsets").begin_array().value(at).value(end).end_array().end_object();
        at = end;
    }
    json.end_object();
    std::string text = json.text();
    text.append((alignment - text.size() % alignment) % alignment, ' ');
    const std::uint64_t length = text.size();
    std::string header(sizeof length, '\0');
    std::memcpy(header.data(), &length, sizeof length);
    return header + text;
}

}  // namespace

Result<void> write_safetensors_model(const std::filesystem::path& path, std::span<const model::Layer> layers,
                                     const CoordinateReader& read, bool overwrite)
{
    return write_whole(path, overwrite, [&](const std::filesystem::path& temporary) -> Result<void> {
        std::ofstream stream(temporary, std::ios::binary | std::ios::trunc);
        const std::string header = header_of(layers);
        stream.write(header.data(), static_cast<std::streamsize>(header.size()));
        std::vector<float> values(static_cast<std::size_t>(piece));
        for (const model::Layer& layer : layers) {
            if (layer.counter) continue;
            for (std::int64_t first = 0; first < layer.count; first += piece) {
                const std::int64_t count = std::min(piece, layer.count - first);
                FEDSLEUTH_CHECK(read(layer.offset + first, count, values.data()));
                stream.write(reinterpret_cast<const char*>(values.data()),
                             static_cast<std::streamsize>(count * static_cast<std::int64_t>(sizeof(float))));
            }
        }
        stream.close();
        if (!stream)
            return model::fail(model::ErrorCode::io, "can't be written: " + std::string(std::strerror(errno)),
                               path.string());
        return {};
    });
}

}  // namespace fedsleuth::storage
