// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fedsleuth::storage {

/// Name of a pickle opcode, of any protocol; "0x…" for what is none.
[[nodiscard]] std::string opcode_name(unsigned char opcode);

/// The globals ("posix.system") that a pickle of any protocol asks for, each once, in order, as far as it can be walked
/// and at most 16. Nothing is run or built: this only names what was found in a pickle that is refused.
[[nodiscard]] std::vector<std::string> globals_asked_for(std::string_view pickle);

/// Globals that a state_dict as torch.save writes it is made of; all others are refused.
[[nodiscard]] bool is_allowed_global(std::string_view module, std::string_view name);

}  // namespace fedsleuth::storage
