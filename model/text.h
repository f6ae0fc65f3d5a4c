// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fedsleuth::model {

// Text from evidence is an attacker's to choose wherever it is shown. These make it harmless for one kind of place.

/// The same text with every byte that is no UTF-8 replaced by U+FFFD.
[[nodiscard]] std::string valid_utf8(std::string_view text);

/// For a terminal or a label: control characters, line breaks, and the Unicode characters that turn or hide the text
/// around them (bidirectional controls, zero-width characters) become visible escapes such as \x1b or \u202e.
[[nodiscard]] std::string visible(std::string_view text);

/// For HTML text and attribute values.
[[nodiscard]] std::string html_escaped(std::string_view text);

/// One CSV cell (RFC 4180), and with an apostrophe before what a spreadsheet would run as a formula.
[[nodiscard]] std::string csv_cell(std::string_view text);

/// The bytes that base64 text stands for (RFC 4648, padded, nothing but its alphabet); nothing where it is no such text.
[[nodiscard]] std::optional<std::string> base64_decoded(std::string_view text);
[[nodiscard]] std::string base64_encoded(std::string_view bytes);

/// "1,234,567".
[[nodiscard]] std::string grouped(long long number);

/// A number for people, with `digits` significant digits; "–" where it is not finite.
[[nodiscard]] std::string short_number(double number, int digits = 3);

/// "12.3 MB" (powers of 1000).
[[nodiscard]] std::string byte_text(long long bytes);

}  // namespace fedsleuth::model
