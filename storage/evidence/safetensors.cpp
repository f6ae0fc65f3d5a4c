// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/evidence/safetensors.h"

#include "storage/evidence/evidence_text.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <simdjson.h>

namespace fedsleuth::storage {

using model::ElementType;
using model::Result;
namespace dom = simdjson::dom;

namespace {

struct Range {
    std::int64_t begin = 0;
    std::int64_t end = 0;
};

struct Header {
    std::vector<FoundTensor> tensors;
    std::vector<Range> ranges;  ///< of each tensor, from the first byte behind the header
};

Result<ElementType> element_type(std::string_view dtype, const std::string& where)
{
    struct Known {
        std::string_view name;
        ElementType type;
    };
    static constexpr std::array<Known, 13> known{{{"F16", ElementType::float16},
                                                  {"BF16", ElementType::bfloat16},
                                                  {"F32", ElementType::float32},
                                                  {"F64", ElementType::float64},
                                                  {"I8", ElementType::int8},
                                                  {"I16", ElementType::int16},
                                                  {"I32", ElementType::int32},
                                                  {"I64", ElementType::int64},
                                                  {"U8", ElementType::uint8},
                                                  {"U16", ElementType::uint16},
                                                  {"U32", ElementType::uint32},
                                                  {"U64", ElementType::uint64},
                                                  {"BOOL", ElementType::boolean}}};
    for (const Known& one : known)
        if (one.name == dtype) return one.type;
    static constexpr std::array<std::string_view, 9> unread{"F8_E5M2",     "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ",
                                                            "F8_E5M2FNUZ", "F4",      "F6_E2M3", "F6_E3M2",
                                                            "C64"};
    if (std::find(unread.begin(), unread.end(), dtype) != unread.end())
        return unsupported("holds elements of type " + std::string(dtype) + ", which are not read", where,
                           "F16, BF16, F32, F64, integers and BOOL are read");
    return malformed("has the unknown dtype " + in_quotes(dtype), where);
}

Result<std::vector<std::int64_t>> whole_numbers(dom::element value, std::string_view key, const std::string& where)
{
    const std::string expected = in_quotes(key) + " must be an array of whole numbers, none negative, below 2^63";
    dom::array array;
    if (value.get(array) != simdjson::SUCCESS) return malformed(expected, where);
    std::vector<std::int64_t> numbers;
    for (const dom::element item : array) {
        std::int64_t number = 0;
        if (item.get(number) != simdjson::SUCCESS || number < 0) return malformed(expected, where);
        numbers.push_back(number);
    }
    return numbers;
}

Result<void> check_metadata(dom::element value, const std::string& file)
{
    dom::object object;
    std::set<std::string_view> names;
    bool fits = value.get(object) == simdjson::SUCCESS;
    if (fits) {
        for (const dom::key_value_pair field : object)
            if (!field.value.is_string() || !names.insert(field.key).second) fits = false;
    }
    if (fits) return {};
    return malformed("its \"__metadata__\" must be an object of texts, each name once", place(file, "header"));
}

Result<void> read_tensor(std::string_view name, dom::element value, const std::string& file, const Limits& limits,
                         Header& header)
{
    const std::string where = place(file, "header, tensor " + in_quotes(name));
    dom::object object;
    if (value.get(object) != simdjson::SUCCESS) return malformed("must be an object", where);
    std::optional<ElementType> type;
    std::optional<std::vector<std::int64_t>> shape;
    std::optional<std::vector<std::int64_t>> offsets;
    for (const dom::key_value_pair field : object) {
        if ((field.key == "dtype" && type) || (field.key == "shape" && shape) || (field.key == "data_offsets" && offsets))
            return malformed("holds the key " + in_quotes(field.key) + " twice", where);
        if (field.key == "dtype") {
            std::string_view dtype;
            if (field.value.get(dtype) != simdjson::SUCCESS) return malformed("\"dtype\" must be a text", where);
            FEDSLEUTH_TRY(type, element_type(dtype, where));
        } else if (field.key == "shape") {
            FEDSLEUTH_TRY(shape, whole_numbers(field.value, field.key, where));
        } else if (field.key == "data_offsets") {
            FEDSLEUTH_TRY(offsets, whole_numbers(field.value, field.key, where));
        } else {
            return malformed("holds the unknown key " + in_quotes(field.key), where);
        }
    }
    if (!type) return malformed("lacks \"dtype\"", where);
    if (!shape) return malformed("lacks \"shape\"", where);
    if (!offsets || offsets->size() != 2) return malformed("lacks \"data_offsets\", an array of two", where);
    const Range range{(*offsets)[0], (*offsets)[1]};
    if (range.begin > range.end) return malformed("has data_offsets that end before they begin", where);
    FEDSLEUTH_TRY(FoundTensor tensor, found_tensor(std::string(name), *type, std::move(*shape), limits, where));
    const std::optional<std::int64_t> bytes = checked_mul(tensor.info.count, model::bytes_of(*type));
    if (!bytes || *bytes != range.end - range.begin)
        return malformed("its shape takes " + (bytes ? std::to_string(*bytes) : "countless") +
                             " bytes, its data_offsets span " + std::to_string(range.end - range.begin),
                         where);
    header.tensors.push_back(std::move(tensor));
    header.ranges.push_back(range);
    return {};
}

Result<Header> parse_header(std::string& text, const std::string& file, const Limits& limits)
{
    const std::string where = place(file, "header");
    const auto length = text.size();
    text.reserve(length + simdjson::SIMDJSON_PADDING);
    dom::parser parser;
    dom::object object;
    if (parser.allocate(length, static_cast<std::size_t>(limits.json_depth)) != simdjson::SUCCESS)
        return over_limit("is too large to be parsed", where);
    const simdjson::error_code error = parser.parse(text.data(), length, false).get(object);
    if (error == simdjson::UTF8_ERROR) return malformed("is not UTF-8", where);
    if (error != simdjson::SUCCESS)
        return malformed(std::string("is no JSON object: ") + simdjson::error_message(error), where);

    Header header;
    std::set<std::string_view> names;
    for (const dom::key_value_pair field : object) {
        if (!names.insert(field.key).second)
            return malformed("holds the name " + in_quotes(field.key) + " twice", where,
                             "readers differ on which of the two counts");
        if (static_cast<std::int64_t>(names.size()) > limits.tensors + 1)
            return over_limit("names more tensors than the limit of " + model::grouped(limits.tensors), where);
        if (field.key == "__metadata__")
            FEDSLEUTH_CHECK(check_metadata(field.value, file));
        else
            FEDSLEUTH_CHECK(read_tensor(field.key, field.value, file, limits, header));
    }
    return header;
}

/// The tensors' ranges, in the order of their bytes, must lie end to end from 0 to `held`.
Result<void> check_cover(const Header& header, std::int64_t held, const std::string& file)
{
    std::vector<std::size_t> order(header.ranges.size());
    for (std::size_t idx = 0; idx < order.size(); ++idx) order[idx] = idx;
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        const Range& left = header.ranges[a];
        const Range& right = header.ranges[b];
        return left.begin != right.begin ? left.begin < right.begin : left.end < right.end;
    });
    std::int64_t covered = 0;
    for (const std::size_t idx : order) {
        const Range& range = header.ranges[idx];
        const std::string where = place(file, "tensor " + in_quotes(header.tensors[idx].info.name));
        if (range.begin > covered)
            return malformed("begins at byte " + std::to_string(range.begin) + " of the data: bytes " +
                                 std::to_string(covered) + " to " + std::to_string(range.begin - 1) +
                                 " belong to no tensor",
                             where);
        if (range.begin < covered)
            return malformed("begins at byte " + std::to_string(range.begin) +
                                 " of the data, within the tensor before it",
                             where);
        covered = range.end;
    }
    if (covered > held)
        return malformed("its tensors take " + std::to_string(covered) + " bytes, but only " + std::to_string(held) +
                             " follow the header",
                         file, "the file may be cut off: compare its size and SHA-256 with the sender's");
    if (covered < held)
        return malformed(bytes_follow(held - covered) + " the last tensor", file,
                         "what lies behind the tensors may be meant for another reader");
    return {};
}

}  // namespace

Result<std::unique_ptr<SnapshotFile>> open_safetensors(std::shared_ptr<ByteFile> file, const Limits& limits)
{
    constexpr std::int64_t length_bytes = 8;
    std::array<std::byte, length_bytes> start{};
    if (file->size() < length_bytes) return malformed("is shorter than the length of its header", file->name());
    FEDSLEUTH_CHECK(file->read(0, start));
    std::uint64_t length = 0;
    for (std::size_t idx = start.size(); idx-- > 0;) length = length << 8 | std::to_integer<std::uint64_t>(start[idx]);
    if (length > static_cast<std::uint64_t>(limits.header_bytes))
        return over_limit("promises a header of " + std::to_string(length) + " bytes, more than the limit of " +
                              model::grouped(limits.header_bytes),
                          file->name());
    const auto header_bytes = static_cast<std::int64_t>(length);
    if (header_bytes > file->size() - length_bytes)
        return malformed("promises a header of " + std::to_string(header_bytes) + " bytes, but only " +
                             std::to_string(file->size() - length_bytes) + " follow",
                         file->name());
    std::string text(static_cast<std::size_t>(header_bytes), '\0');
    FEDSLEUTH_CHECK(file->read(length_bytes, std::as_writable_bytes(std::span(text))));

    StoredSnapshot::Parts parts;
    parts.format = "safetensors";
    parts.file = file->name();
    if (!text.empty() && text.front() != '{')
        parts.notes.emplace_back("The header begins with white space, which older readers refuse.");
    FEDSLEUTH_TRY(Header header, parse_header(text, file->name(), limits));
    const std::int64_t data = length_bytes + header_bytes;
    FEDSLEUTH_CHECK(check_cover(header, file->size() - data, file->name()));
    for (std::size_t idx = 0; idx < header.tensors.size(); ++idx)
        header.tensors[idx].view.base = data + header.ranges[idx].begin;
    parts.tensors = std::move(header.tensors);
    parts.bytes = std::make_unique<FileTensorBytes>(std::move(file));
    return StoredSnapshot::make(std::move(parts), limits);
}

}  // namespace fedsleuth::storage
