// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/result.h"

#include <string>

namespace fedsleuth::cli {

/// A text file of at most 64 KiB: a seal, a key. Errors: not_found, io, limit.
[[nodiscard]] model::Result<std::string> read_small_file(const std::string& path);

}  // namespace fedsleuth::cli
