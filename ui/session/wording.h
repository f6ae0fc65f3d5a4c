// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/ids.h"
#include "model/verdict.h"

#include <string>
#include <string_view>
#include <vector>

namespace fedsleuth::ui {

// How the program says things, without Qt. What comes from evidence has gone through model::visible() already in
// what these return.

/// "99.8 %", "> 99.9 %", "< 0.1 %": never a certainty that nobody has. The space does
/// not break.
[[nodiscard]] std::string probability_text(double probability);

/// "model replacement", "label flip": the name of an attack in a sentence; empty for none.
[[nodiscard]] std::string attack_text(std::string_view attack);
/// What it does, in one clause: "an update scaled up to overwrite the global model in one round".
[[nodiscard]] std::string attack_meaning(std::string_view attack);

/// "a", "a and b", "a, b and c", "a, b, c and 4 more".
[[nodiscard]] std::string list_text(const std::vector<std::string>& items, std::size_t at_most = 6);
[[nodiscard]] std::string client_list_text(const std::vector<model::ClientId>& clients, std::size_t at_most = 6);
/// "round 15", "rounds 3–7", "rounds 3–7, 9 and 12".
[[nodiscard]] std::string round_list_text(const std::vector<model::RoundNo>& rounds, std::size_t at_most = 5);

/// "2026-03-06 16:00:07 UTC" for a time in UTC as RFC 3339 has it; anything else as it is.
[[nodiscard]] std::string time_text(const std::string& rfc3339);

/// "1 client", "20 clients".
[[nodiscard]] std::string counted(std::int64_t count, std::string_view one, std::string_view many);

}  // namespace fedsleuth::ui
