// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "storage/evidence/byte_file.h"
#include "storage/evidence/limits.h"

namespace fedsleuth::storage {

/// Looks at what the end of an archive says about its directory, before libzip builds a record of every entry: a file
/// that is nothing but directory would fill the memory. Errors: limit. An archive whose end makes no sense passes, and
/// libzip refuses it.
[[nodiscard]] model::Result<void> check_zip_directory(ByteFile& file, const Limits& limits);

}  // namespace fedsleuth::storage
