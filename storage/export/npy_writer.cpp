// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/export/npy_writer.h"

#include "model/layer.h"

#include <unistd.h>
#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace fedsleuth::storage {

using model::ErrorCode;
using model::Result;

namespace fs = std::filesystem;

namespace {

static_assert(std::endian::native == std::endian::little, "numbers are written as they lie in memory");

constexpr std::size_t alignment = 64;  // of the data, as numpy.save has it
constexpr std::size_t preamble = 10;   // magic, version, header length
constexpr std::size_t piece_bytes = 1 << 20;

std::int64_t bytes_of(NumberType type) { return type == NumberType::float32 ? 4 : 8; }

}  // namespace

std::string npy_header(const std::vector<std::int64_t>& shape, NumberType type)
{
    std::string text = std::string("{'descr': '") + (type == NumberType::float32 ? "<f4" : "<f8") +
                       "', 'fortran_order': False, 'shape': (";
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
        if (axis > 0) text += ' ';
        text += std::to_string(shape[axis]);
        if (axis + 1 < shape.size() || shape.size() == 1) text += ',';
    }
    text += "), }";
    const std::size_t unpadded = preamble + text.size() + 1;
    text.append((alignment - unpadded % alignment) % alignment, ' ');
    text += '\n';
    std::string header("\x93NUMPY\x01\x00", 8);
    header += static_cast<char>(text.size() & 0xff);
    header += static_cast<char>(text.size() >> 8);
    return header + text;
}

NpyStream::NpyStream(const std::vector<std::int64_t>& shape, std::span<const double> values, NumberType type)
    : header_(npy_header(shape, type)), values_(values), type_(type)
{
}

std::int64_t NpyStream::size() const
{
    return static_cast<std::int64_t>(header_.size()) + static_cast<std::int64_t>(values_.size()) * bytes_of(type_);
}

std::int64_t NpyStream::read(std::span<std::byte> into)
{
    std::size_t written = 0;
    const auto header_bytes = static_cast<std::int64_t>(header_.size());
    while (written < into.size() && at_ < size()) {
        if (at_ < header_bytes) {
            into[written++] = static_cast<std::byte>(header_[static_cast<std::size_t>(at_++)]);
            continue;
        }
        // One number at a time, of which the last call may have taken a part.
        const std::int64_t offset = at_ - header_bytes;
        const double value = values_[static_cast<std::size_t>(offset / bytes_of(type_))];
        const auto narrow = static_cast<float>(value);
        const auto* bytes = type_ == NumberType::float32 ? reinterpret_cast<const std::byte*>(&narrow)
                                                         : reinterpret_cast<const std::byte*>(&value);
        const std::int64_t skip = offset % bytes_of(type_);
        const std::size_t count = std::min(static_cast<std::size_t>(bytes_of(type_) - skip), into.size() - written);
        std::memcpy(into.data() + written, bytes + skip, count);
        written += count;
        at_ += static_cast<std::int64_t>(count);
    }
    return static_cast<std::int64_t>(written);
}

Result<void> check_shape(const std::vector<std::int64_t>& shape, std::size_t values, const std::string& name)
{
    const std::int64_t count = model::element_count(shape);
    if (count >= 0 && static_cast<std::uint64_t>(count) == values) return {};
    return model::fail(
        ErrorCode::invalid_argument,
        "an array of shape " + model::shape_text(shape) + " does not hold " + std::to_string(values) + " numbers",
        name);
}

Result<void> write_whole(const fs::path& path, bool overwrite,
                         const std::function<Result<void>(const fs::path& temporary)>& write)
{
    std::error_code failed;
    if (!overwrite && fs::exists(fs::symlink_status(path, failed)))
        return model::fail(ErrorCode::conflict, "exists already", path.string(), "say so if it is to be replaced");
    fs::path temporary = path;
    temporary += '.' + std::to_string(::getpid()) + ".part";
    if (auto written = write(temporary); !written) {
        fs::remove(temporary, failed);
        return written;
    }
    fs::rename(temporary, path, failed);
    if (failed) {
        const std::string why = failed.message();
        fs::remove(temporary, failed);
        return model::fail(ErrorCode::io, why, path.string());
    }
    return {};
}

Result<void> write_npy(const fs::path& path, const std::vector<std::int64_t>& shape, std::span<const double> values,
                       const WriteOptions& options)
{
    FEDSLEUTH_CHECK(check_shape(shape, values.size(), path.string()));
    return write_whole(path, options.overwrite, [&](const fs::path& temporary) -> Result<void> {
        std::ofstream stream(temporary, std::ios::binary | std::ios::trunc);
        NpyStream bytes(shape, values, options.type);
        std::vector<std::byte> piece(piece_bytes);
        while (const std::int64_t count = bytes.read(piece))
            stream.write(reinterpret_cast<const char*>(piece.data()), count);
        stream.close();
        if (!stream)
            return model::fail(ErrorCode::io, "can't be written: " + std::string(std::strerror(errno)), path.string());
        return {};
    });
}

}  // namespace fedsleuth::storage
