// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace fedsleuth::fuzz {

/// The clients page's filter: what a person types, or pastes. The desktop's counterpart of the targets in targets.h.
void filter(std::span<const std::uint8_t> bytes);

}  // namespace fedsleuth::fuzz
