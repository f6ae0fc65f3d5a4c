// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fedsleuth::cli {

/// Columns that `text` (valid UTF-8, no control characters) takes on a terminal: 2 for East Asian wide characters and
/// emoji, 0 for combining marks.
[[nodiscard]] int width_of(std::string_view text);

/// The beginning of `text` that fits into `columns`, with "…" at its end where something was cut.
[[nodiscard]] std::string cut_to_width(std::string_view text, int columns);

/// `text` in lines of at most `columns`, broken at spaces; a longer word is broken where it has to be.
[[nodiscard]] std::vector<std::string> wrapped(std::string_view text, int columns);

}  // namespace fedsleuth::cli
