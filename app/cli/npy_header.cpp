// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/npy_header.h"

#include <algorithm>
#include <optional>

namespace fedsleuth::cli {

namespace {

using model::ErrorCode;
using model::Result;

constexpr std::string_view magic = "\x93NUMPY";

/// The header's text is a Python literal with three keys. This reads exactly that: no expression is ever evaluated.
class Literal {
public:
    explicit Literal(std::string_view text) : rest_(text) {}

    /// Skips blanks, then takes `token` if it comes next.
    bool take(std::string_view token)
    {
        skip_blanks();
        if (!rest_.starts_with(token)) return false;
        rest_.remove_prefix(token.size());
        return true;
    }
    std::optional<std::string_view> string()
    {
        skip_blanks();
        if (rest_.empty() || (rest_.front() != '\'' && rest_.front() != '"')) return std::nullopt;
        const std::size_t end = rest_.find(rest_.front(), 1);
        if (end == std::string_view::npos) return std::nullopt;
        const std::string_view text = rest_.substr(1, end - 1);
        rest_.remove_prefix(end + 1);
        return text;
    }
    std::optional<std::size_t> length()
    {
        skip_blanks();
        constexpr std::size_t digits_without_overflow = 18;
        const std::size_t digits = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
        if (digits == 0 || digits > digits_without_overflow) return std::nullopt;
        std::size_t number = 0;
        for (const char digit : rest_.substr(0, digits)) number = number * 10 + static_cast<std::size_t>(digit - '0');
        rest_.remove_prefix(digits);
        return number;
    }
    bool at_end()
    {
        skip_blanks();
        return rest_.empty();
    }

private:
    void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size())); }

    std::string_view rest_;
};

/// "(3, 4)", "(3,)", "()".
bool read_shape(Literal& literal, std::vector<std::size_t>& shape)
{
    if (!literal.take("(")) return false;
    while (!literal.take(")")) {
        const auto length = literal.length();
        if (!length) return false;
        shape.push_back(*length);
        if (literal.take(",")) continue;
        return literal.take(")") && shape.size() > 1;  // "(3)" is a number, not a shape
    }
    return true;
}

/// '<f8' and the like. An error says what stands in the file.
Result<void> read_descr(std::string_view descr, NpyHeader& header, const std::string& where)
{
    if (descr.find('O') != std::string_view::npos)
        return model::fail(ErrorCode::refused, "holds Python objects, which are never opened", where);
    const bool known =
        descr == "<f2" || descr == "<f4" || descr == "<f8" || descr == ">f2" || descr == ">f4" || descr == ">f8" ||
        descr == "|i1" || descr == "|u1" ||
        (descr.size() == 3 && (descr[0] == '<' || descr[0] == '>') && (descr[1] == 'i' || descr[1] == 'u') &&
         (descr[2] == '2' || descr[2] == '4' || descr[2] == '8'));
    if (!known) {
        return model::fail(ErrorCode::unsupported, "holds values of type \"" + std::string(descr) + "\"", where,
                           "save it as float64: numpy.save(file, x.astype(numpy.float64))");
    }
    header.little_endian = descr[0] != '>';
    header.kind = descr[1];
    header.element_bytes = static_cast<std::size_t>(descr[2] - '0');
    return {};
}

Result<void> read_dictionary(std::string_view text, NpyHeader& header, const std::string& where)
{
    const auto malformed = [&where] {
        return model::fail(ErrorCode::malformed, "its .npy header is not as NumPy writes it", where);
    };
    Literal literal(text);
    bool has_descr = false;
    bool has_order = false;
    bool has_shape = false;
    if (!literal.take("{")) return malformed();
    while (!literal.take("}")) {
        const auto key = literal.string();
        if (!key || !literal.take(":")) return malformed();
        if (*key == "descr" && !has_descr) {
            const auto descr = literal.string();
            if (!descr) return model::fail(ErrorCode::unsupported, "holds records, not plain numbers", where);
            FEDSLEUTH_CHECK(read_descr(*descr, header, where));
            has_descr = true;
        } else if (*key == "fortran_order" && !has_order) {
            header.fortran_order = literal.take("True");
            if (!header.fortran_order && !literal.take("False")) return malformed();
            has_order = true;
        } else if (*key == "shape" && !has_shape) {
            if (!read_shape(literal, header.shape)) return malformed();
            has_shape = true;
        } else {
            return malformed();
        }
        if (literal.take(",")) continue;
        if (literal.take("}")) break;
        return malformed();
    }
    if (!literal.at_end() || !has_descr || !has_order || !has_shape) return malformed();
    return {};
}

}  // namespace

Result<NpyHeader> parse_npy_header(std::string_view bytes, const std::string& where)
{
    constexpr std::size_t version_at = 6;
    constexpr std::size_t length_at = 8;
    if (!bytes.starts_with(magic) || bytes.size() < length_at + 4)
        return model::fail(ErrorCode::malformed, "is no .npy file", where, "numpy.save writes one");
    const auto version = static_cast<unsigned char>(bytes[version_at]);
    if (version < 1 || version > 3)
        return model::fail(ErrorCode::unsupported, "is of .npy version " + std::to_string(version), where);
    const std::size_t length_bytes = version == 1 ? 2 : 4;
    std::size_t length = 0;
    for (std::size_t idx = 0; idx < length_bytes; ++idx)
        length |= static_cast<std::size_t>(static_cast<unsigned char>(bytes[length_at + idx])) << (8 * idx);
    const std::size_t text_at = length_at + length_bytes;
    if (length > bytes.size() - text_at) return model::fail(ErrorCode::malformed, "ends within its header", where);
    NpyHeader header;
    header.data_offset = text_at + length;
    FEDSLEUTH_CHECK(read_dictionary(bytes.substr(text_at, length), header, where));
    return header;
}

}  // namespace fedsleuth::cli
