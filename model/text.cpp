// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/text.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>

namespace fedsleuth::model {

namespace {

struct Decoded {
    std::uint32_t code = 0;
    std::size_t length = 0;  ///< 0: not UTF-8 at this place
};

/// Decodes one code point strictly: no overlong forms, no surrogates, nothing above U+10FFFF.
Decoded decode(std::string_view text, std::size_t at)
{
    const auto byte = [&](std::size_t idx) { return static_cast<unsigned char>(text[idx]); };
    const unsigned char lead = byte(at);
    if (lead < 0x80) return {lead, 1};
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() - at < length) return {};
    std::uint32_t code = lead & (0xffu >> (length + 1));
    for (std::size_t idx = 1; idx < length; ++idx) {
        if ((byte(at + idx) & 0xc0) != 0x80) return {};
        code = code << 6 | (byte(at + idx) & 0x3f);
    }
    constexpr std::array<std::uint32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
    if (code < smallest[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return {};
    return {code, length};
}

bool hides_or_turns(std::uint32_t code)
{
    return (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2060 && code <= 0x206f) || code == 0xfeff || code == 0x061c || code == 0x00ad ||
           (code >= 0xe0000 && code <= 0xe007f);
}

}  // namespace

std::string valid_utf8(std::string_view text)
{
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const Decoded here = decode(text, at);
        if (here.length == 0) {
            out += "\xef\xbf\xbd";
            ++at;
        } else {
            out += text.substr(at, here.length);
            at += here.length;
        }
    }
    return out;
}

std::string visible(std::string_view text)
{
    const std::string clean = valid_utf8(text);
    std::string out;
    char escape[16];
    for (std::size_t at = 0; at < clean.size();) {
        const Decoded here = decode(clean, at);
        const bool control = here.code < 0x20 || (here.code >= 0x7f && here.code < 0xa0);
        if (control || hides_or_turns(here.code)) {
            std::snprintf(escape, sizeof escape, here.code < 0x100 ? "\\x%02x" : "\\u%04x", here.code);
            out += escape;
        } else {
            out += clean.substr(at, here.length);
        }
        at += here.length;
    }
    return out;
}

std::string html_escaped(std::string_view text)
{
    std::string out;
    for (const char character : visible(text)) {
        switch (character) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            default:
                out += character;
        }
    }
    return out;
}

std::string csv_cell(std::string_view text)
{
    std::string cell = valid_utf8(text);
    const bool number = !cell.empty() && cell.find_first_not_of("0123456789+-.eE") == std::string::npos;
    if (!cell.empty() && !number && std::string_view("=+-@\t\r").find(cell.front()) != std::string_view::npos)
        cell.insert(cell.begin(), '\'');
    if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
    std::string quoted = "\"";
    for (const char character : cell) {
        if (character == '"') quoted += '"';
        quoted += character;
    }
    return quoted + "\"";
}

namespace {
constexpr std::string_view base64_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
}

std::optional<std::string> base64_decoded(std::string_view text)
{
    if (text.size() % 4 != 0) return std::nullopt;
    std::size_t padding = 0;
    while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3);
    std::uint32_t bits = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const bool padded = at + padding >= text.size();
        const std::size_t digit = padded ? 0 : base64_digits.find(text[at]);
        if (digit == std::string_view::npos) return std::nullopt;
        bits = bits << 6 | static_cast<std::uint32_t>(digit);
        if (at % 4 != 3) continue;
        for (int shift = 16; shift >= 0; shift -= 8) bytes += static_cast<char>(bits >> shift & 0xff);
        bits = 0;
    }
    for (; padding > 0; --padding) bytes.pop_back();
    if (base64_encoded(bytes) != text) return std::nullopt;  // bits that no byte needs are zero
    return bytes;
}

std::string base64_encoded(std::string_view bytes)
{
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        std::uint32_t bits = 0;
        for (std::size_t idx = 0; idx < 3; ++idx)
            bits = bits << 8 | (at + idx < bytes.size() ? static_cast<unsigned char>(bytes[at + idx]) : 0u);
        for (std::size_t idx = 0; idx < 4; ++idx)
            text += at + idx > bytes.size() ? '=' : base64_digits[bits >> (18 - 6 * idx) & 0x3f];
    }
    return text;
}

std::string grouped(long long number)
{
    const std::string digits = std::to_string(number);
    const std::size_t first = digits.front() == '-' ? 1 : 0;
    std::string out;
    for (std::size_t at = 0; at < digits.size(); ++at) {
        if (at > first && (digits.size() - at) % 3 == 0) out += ',';
        out += digits[at];
    }
    return out;
}

std::string short_number(double number, int digits)
{
    if (!std::isfinite(number)) return "–";
    char buffer[48];
    std::snprintf(buffer, sizeof buffer, "%.*g", digits, number);
    return buffer;
}

std::string byte_text(long long bytes)
{
    constexpr std::array<const char*, 5> units{"B", "kB", "MB", "GB", "TB"};
    auto amount = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (std::abs(amount) >= 1000 && unit + 1 < units.size()) {
        amount /= 1000;
        ++unit;
    }
    char buffer[48];
    std::snprintf(buffer, sizeof buffer, unit == 0 ? "%.0f %s" : "%.1f %s", amount, units[unit]);
    return buffer;
}

}  // namespace fedsleuth::model
