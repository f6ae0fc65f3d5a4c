// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/text_width.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace fedsleuth::cli {

namespace {

using Range = std::pair<std::uint32_t, std::uint32_t>;

// The blocks that matter, after Unicode's EastAsianWidth (W and F) and the general category Mn.
constexpr std::array<Range, 13> wide{{{0x1100, 0x115f},
                                      {0x231a, 0x231b},
                                      {0x2e80, 0x303e},
                                      {0x3041, 0x33ff},
                                      {0x3400, 0x4dbf},
                                      {0x4e00, 0x9fff},
                                      {0xa000, 0xa4cf},
                                      {0xac00, 0xd7a3},
                                      {0xf900, 0xfaff},
                                      {0xfe30, 0xfe6f},
                                      {0xff00, 0xff60},
                                      {0x1f300, 0x1faff},
                                      {0x20000, 0x3fffd}}};
constexpr std::array<Range, 11> combining{{{0x0300, 0x036f},
                                           {0x0483, 0x0489},
                                           {0x0591, 0x05bd},
                                           {0x064b, 0x065f},
                                           {0x0e34, 0x0e3a},
                                           {0x1ab0, 0x1aff},
                                           {0x1dc0, 0x1dff},
                                           {0x20d0, 0x20ff},
                                           {0x302a, 0x302d},
                                           {0xfe00, 0xfe0f},
                                           {0xfe20, 0xfe2f}}};

template <std::size_t n>
bool is_in(const std::array<Range, n>& ranges, std::uint32_t code)
{
    return std::any_of(ranges.begin(), ranges.end(),
                       [code](const Range& range) { return code >= range.first && code <= range.second; });
}

std::size_t bytes_of(char lead)
{
    const auto byte = static_cast<unsigned char>(lead);
    return byte < 0x80 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
}

/// Width of the one character that `character` holds.
int width_of_one(std::string_view character)
{
    auto code = static_cast<std::uint32_t>(static_cast<unsigned char>(character.front()));
    if (character.size() > 1) code &= 0xffu >> (character.size() + 1);
    for (const char next : character.substr(1)) code = code << 6 | (static_cast<unsigned char>(next) & 0x3f);
    if (is_in(combining, code)) return 0;
    return is_in(wide, code) ? 2 : 1;
}

/// Calls `use(character, width)` for each character of the text until it answers false.
template <class Use>
void each_character(std::string_view text, Use use)
{
    while (!text.empty()) {
        const std::string_view character = text.substr(0, bytes_of(text.front()));
        if (!use(character, width_of_one(character))) return;
        text.remove_prefix(character.size());
    }
}

/// Bytes of the beginning of `text` that fits into `columns`.
std::size_t bytes_that_fit(std::string_view text, int columns)
{
    std::size_t bytes = 0;
    each_character(text, [&](std::string_view character, int width) {
        columns -= width;
        if (columns >= 0) bytes += character.size();
        return columns >= 0;
    });
    return bytes;
}

}  // namespace

int width_of(std::string_view text)
{
    int sum = 0;
    each_character(text, [&sum](std::string_view, int width) {
        sum += width;
        return true;
    });
    return sum;
}

std::string cut_to_width(std::string_view text, int columns)
{
    if (width_of(text) <= columns) return std::string(text);
    return std::string(text.substr(0, bytes_that_fit(text, std::max(columns - 1, 0)))) + "…";
}

std::vector<std::string> wrapped(std::string_view text, int columns)
{
    std::vector<std::string> lines;
    columns = std::max(columns, 2);
    while (width_of(text) > columns) {
        std::size_t end = bytes_that_fit(text, columns);
        // A line may end just before a space; else at the last space within it.
        if (end < text.size() && text[end] != ' ') {
            const std::size_t space = text.substr(0, end).rfind(' ');
            if (space != std::string_view::npos && space > 0) end = space;
        }
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(end);
        text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    }
    if (!text.empty() || lines.empty()) lines.emplace_back(text);
    return lines;
}

}  // namespace fedsleuth::cli
