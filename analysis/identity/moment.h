// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fedsleuth::analysis {

/// Seconds since 1970 in UTC of an RFC 3339 time ("2026-03-07T00:05:00Z", fractions and offsets allowed; a time without
/// an offset is taken as UTC). Nothing where it is no such time.
[[nodiscard]] std::optional<double> moment_of(std::string_view text);

/// "2026-03-07 00:05:00 UTC", of whole seconds.
[[nodiscard]] std::string moment_text(double seconds);

}  // namespace fedsleuth::analysis
