// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/evidence/npy.h"

#include "storage/evidence/evidence_text.h"
#include "storage/evidence/npy_literal.h"

#include <array>
#include <optional>

namespace fedsleuth::storage {

using model::ElementType;
using model::Result;

namespace {

struct Descr {
    ElementType type = ElementType::float32;
    bool big_endian = false;
    bool raw = false;  ///< two raw bytes, taken for bfloat16
};

Result<Descr> element_type(const std::string& descr, const std::string& where)
{
    const char order = descr.empty() ? '\0' : descr.front();
    const std::string_view kind = descr.empty() ? std::string_view() : std::string_view(descr).substr(1);
    if (order != '<' && order != '>' && order != '|' && order != '=')
        return malformed("its header has the element type " + in_quotes(descr) + ", without a byte order", where);
    if (kind == "O")
        return refused("refused: an object array, whose payload is a pickle", where,
                       "save the numbers themselves: numpy.asarray(x, dtype=numpy.float32)");
    // ml_dtypes' bfloat16 reaches NumPy's files as two bytes of void.
    if (kind == "V2" && order != '>') return Descr{ElementType::bfloat16, false, true};

    struct Known {
        std::string_view kind;
        ElementType type;
    };
    static constexpr std::array<Known, 12> known{{{"f2", ElementType::float16},
                                                  {"f4", ElementType::float32},
                                                  {"f8", ElementType::float64},
                                                  {"i1", ElementType::int8},
                                                  {"i2", ElementType::int16},
                                                  {"i4", ElementType::int32},
                                                  {"i8", ElementType::int64},
                                                  {"u1", ElementType::uint8},
                                                  {"u2", ElementType::uint16},
                                                  {"u4", ElementType::uint32},
                                                  {"u8", ElementType::uint64},
                                                  {"b1", ElementType::boolean}}};
    for (const Known& one : known) {
        if (one.kind != kind) continue;
        if (order == '|' && model::bytes_of(one.type) > 1)
            return malformed("its header has the element type " + in_quotes(descr) + ", without a byte order", where);
        return Descr{one.type, order == '>', false};
    }
    return unsupported("holds elements of type " + in_quotes(descr) + ", which are no numbers that are read", where,
                       "float16, bfloat16, float32, float64 and integers are read");
}

Result<std::string> header_text(ByteSource& source, std::int64_t& payload, int& major, const std::string& where,
                                const Limits& limits)
{
    std::array<std::byte, 12> start{};
    const std::int64_t available = std::min<std::int64_t>(source.size(), static_cast<std::int64_t>(start.size()));
    const auto byte = [&](std::size_t idx) { return std::to_integer<std::uint32_t>(start[idx]); };
    FEDSLEUTH_CHECK(source.read(0, {start.data(), static_cast<std::size_t>(available)}));
    constexpr std::array<unsigned char, 6> magic{0x93, 'N', 'U', 'M', 'P', 'Y'};
    for (std::size_t idx = 0; idx < magic.size(); ++idx)
        if (available < 10 || byte(idx) != magic[idx]) return malformed("does not begin as a NumPy array does", where);
    major = static_cast<int>(byte(6));
    if (major < 1 || major > 3 || byte(7) != 0)
        return unsupported("is a NumPy array of version " + std::to_string(major) + "." + std::to_string(byte(7)) +
                               "; 1.0, 2.0 and 3.0 are read",
                           where);
    const bool wide = major >= 2;
    if (wide && available < 12) return malformed("ends within the length of its header", where);
    const std::int64_t begin = wide ? 12 : 10;
    const std::int64_t length = wide ? std::int64_t{byte(8) | byte(9) << 8 | byte(10) << 16 | byte(11) << 24}
                                     : std::int64_t{byte(8) | byte(9) << 8};
    if (length > source.size() - begin)
        return malformed("promises a header of " + std::to_string(length) + " bytes, but only " +
                             std::to_string(source.size() - begin) + " follow",
                         where);
    if (length > limits.npy_header_bytes)
        return over_limit("has a header of " + model::grouped(length) + " bytes, more than the limit of " +
                              model::grouped(limits.npy_header_bytes),
                          where);
    std::string text(static_cast<std::size_t>(length), '\0');
    FEDSLEUTH_CHECK(source.read(begin, std::as_writable_bytes(std::span(text))));
    payload = begin + length;
    return text;
}

}  // namespace

Result<FoundTensor> read_npy_header(ByteSource& source, std::string name, const std::string& where,
                                    const Limits& limits, std::vector<std::string>& notes)
{
    std::int64_t payload = 0;
    int major = 0;
    FEDSLEUTH_TRY(const std::string text, header_text(source, payload, major, where, limits));
    FEDSLEUTH_TRY(NpyLiteral literal, parse_npy_literal(text, major <= 2, where));
    if (literal.structured)
        return unsupported("is a structured array, whose elements are records", where, "save one array for each field");
    FEDSLEUTH_TRY(const Descr descr, element_type(literal.descr, where));
    FEDSLEUTH_TRY(FoundTensor tensor,
                  found_tensor(std::move(name), descr.type, std::move(literal.shape), limits, where));
    tensor.view.base = payload;
    tensor.view.big_endian = descr.big_endian;
    if (literal.fortran_order) set_strides(tensor.view, column_major_strides(tensor.view.shape));

    const std::optional<std::int64_t> promised = checked_mul(tensor.info.count, model::bytes_of(descr.type));
    const std::int64_t held = source.size() - payload;
    if (!promised) return malformed("promises more bytes than can be counted", where);
    if (*promised > held)
        return malformed("promises " + std::to_string(*promised) + " bytes of numbers, but only " +
                             std::to_string(held) + " follow the header",
                         where);
    if (*promised < held)
        return malformed(bytes_follow(held - *promised) + " the numbers that its header promises", where,
                         "several arrays appended to one file belong into an .npz");
    if (descr.raw)
        notes.push_back((tensor.info.name.empty() ? "The array" : "The array " + in_quotes(tensor.info.name)) +
                        " has elements of two raw bytes (V2); they are taken for bfloat16.");
    return tensor;
}

Result<std::unique_ptr<SnapshotFile>> open_npy(std::shared_ptr<ByteFile> file, const Limits& limits)
{
    StoredSnapshot::Parts parts;
    parts.format = "npy";
    parts.file = file->name();
    parts.named = false;
    FEDSLEUTH_TRY(FoundTensor tensor, read_npy_header(*file, "", file->name(), limits, parts.notes));
    parts.tensors.push_back(std::move(tensor));
    parts.bytes = std::make_unique<FileTensorBytes>(std::move(file));
    return StoredSnapshot::make(std::move(parts), limits);
}

}  // namespace fedsleuth::storage
