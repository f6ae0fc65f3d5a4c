// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/matrix.h"

#include "app/cli/npy_header.h"

#include <bit>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <system_error>

namespace fedsleuth::cli {

namespace {

using model::ErrorCode;
using model::Result;

/// A whole .npy file: its shape, and its values in C order.
struct Array {
    std::vector<std::size_t> shape;
    std::vector<double> values;
};

Result<std::string> whole_file(const std::filesystem::path& file)
{
    std::error_code error;
    if (!std::filesystem::exists(file, error))
        return model::fail(ErrorCode::not_found, "there is no such file", file.string());
    if (!std::filesystem::is_regular_file(file, error))
        return model::fail(ErrorCode::invalid_argument, "is no regular file", file.string());
    const std::uintmax_t size = std::filesystem::file_size(file, error);
    std::ifstream in(file, std::ios::binary);
    if (error || !in)
        return model::fail(ErrorCode::io, std::string("can't be read: ") + std::strerror(errno), file.string());
    std::string bytes(size, '\0');
    in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (static_cast<std::uintmax_t>(in.gcount()) != size)
        return model::fail(ErrorCode::io, "ended before its size", file.string());
    return bytes;
}

double half_to_double(std::uint16_t bits)
{
    const int exponent = bits >> 10 & 0x1f;
    const int fraction = bits & 0x3ff;
    double magnitude = 0;
    if (exponent == 0x1f)
        magnitude = fraction == 0 ? HUGE_VAL : std::nan("");
    else if (exponent == 0)
        magnitude = std::ldexp(fraction, -24);
    else
        magnitude = std::ldexp(fraction + 1024, exponent - 25);
    return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

template <class Unsigned>
Unsigned load(const char* at, bool little_endian)
{
    Unsigned bits = 0;
    for (std::size_t idx = 0; idx < sizeof bits; ++idx) {
        const std::size_t shift = 8 * (little_endian ? idx : sizeof bits - 1 - idx);
        bits = static_cast<Unsigned>(bits | static_cast<Unsigned>(static_cast<unsigned char>(at[idx])) << shift);
    }
    return bits;
}

/// One element as float64. NaN for a NaN alone; an integer that a float64 can't hold is told by `exact`.
double element(const char* at, const NpyHeader& header, bool& exact)
{
    std::uint64_t bits = 0;
    switch (header.element_bytes) {
        case 1:
            bits = load<std::uint8_t>(at, header.little_endian);
            break;
        case 2:
            bits = load<std::uint16_t>(at, header.little_endian);
            break;
        case 4:
            bits = load<std::uint32_t>(at, header.little_endian);
            break;
        default:
            bits = load<std::uint64_t>(at, header.little_endian);
            break;
    }
    if (header.kind == 'f') {
        if (header.element_bytes == 2) return half_to_double(static_cast<std::uint16_t>(bits));
        if (header.element_bytes == 4) return std::bit_cast<float>(static_cast<std::uint32_t>(bits));
        return std::bit_cast<double>(bits);
    }
    constexpr std::int64_t largest_exact = std::int64_t{1} << 53;
    if (header.kind == 'u') {
        exact = exact && bits <= static_cast<std::uint64_t>(largest_exact);
        return static_cast<double>(bits);
    }
    const unsigned unused = 64 - 8 * static_cast<unsigned>(header.element_bytes);
    const std::int64_t number = static_cast<std::int64_t>(bits << unused) >> unused;
    exact = exact && number <= largest_exact && number >= -largest_exact;
    return static_cast<double>(number);
}

Result<Array> read_npy(const std::filesystem::path& file)
{
    FEDSLEUTH_TRY(const std::string bytes, whole_file(file));
    FEDSLEUTH_TRY(const NpyHeader header, parse_npy_header(bytes, file.string()));
    std::size_t count = 1;
    for (const std::size_t length : header.shape) {
        // A product that can't be counted can't be in the file either.
        if (length != 0 && count > bytes.size() / length)
            return model::fail(ErrorCode::malformed, "its header promises more values than the file holds",
                               file.string());
        count *= length;
    }
    const std::size_t held = bytes.size() - header.data_offset;
    if (held != count * header.element_bytes) {
        return model::fail(ErrorCode::malformed,
                           "its header promises " + std::to_string(count * header.element_bytes) +
                               " bytes of values, the file holds " + std::to_string(held),
                           file.string());
    }
    Array array{header.shape, std::vector<double>(count)};
    const bool transposed = header.fortran_order && header.shape.size() == 2;
    const std::size_t rows = transposed ? header.shape[0] : 0;
    const std::size_t columns = transposed ? header.shape[1] : 0;
    bool exact = true;
    for (std::size_t at = 0; at < count; ++at) {
        const std::size_t to = transposed ? at % rows * columns + at / rows : at;
        array.values[to] = element(bytes.data() + header.data_offset + at * header.element_bytes, header, exact);
    }
    if (!exact)
        return model::fail(ErrorCode::unsupported, "holds integers beyond 2^53, which a float64 can't hold",
                           file.string());
    return array;
}

std::string shape_text(const std::vector<std::size_t>& shape)
{
    std::string text = "(";
    for (std::size_t at = 0; at < shape.size(); ++at) text += (at > 0 ? ", " : "") + std::to_string(shape[at]);
    return text + (shape.size() == 1 ? ",)" : ")");
}

}  // namespace

Result<Matrix> read_matrix(const std::filesystem::path& file)
{
    FEDSLEUTH_TRY(Array array, read_npy(file));
    if (array.shape.size() != 2) {
        return model::fail(ErrorCode::invalid_argument,
                           "holds an array of shape " + shape_text(array.shape) + ", needed are n rows by d columns",
                           file.string(), array.shape.size() == 1 ? "one row would be saved as x.reshape(1, -1)" : "");
    }
    if (array.values.empty())
        return model::fail(ErrorCode::invalid_argument, "holds no values: its shape is " + shape_text(array.shape),
                           file.string());
    return Matrix{array.shape[0], array.shape[1], std::move(array.values)};
}

Result<std::vector<double>> read_vector(const std::filesystem::path& file)
{
    FEDSLEUTH_TRY(Array array, read_npy(file));
    if (array.shape.size() != 1) {
        return model::fail(ErrorCode::invalid_argument,
                           "holds an array of shape " + shape_text(array.shape) + ", needed is a vector", file.string(),
                           "x.ravel() makes it one");
    }
    return std::move(array.values);
}

}  // namespace fedsleuth::cli
