// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "storage/sqlite/database.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace fedsleuth::storage {

/// Bytes of a log up to and with its last line break. Errors: not_found, io.
[[nodiscard]] model::Result<std::int64_t> whole_line_bytes(const std::filesystem::path& log);

/// SHA-256 of the first `bytes` bytes of a file. Errors: not_found, io; conflict where the file is shorter.
[[nodiscard]] model::Result<std::string> sha256_of_prefix(const std::filesystem::path& file, std::int64_t bytes);

using LineDigest = std::array<std::byte, 8>;  ///< the first bytes of a line's SHA-256

/// One digest for each line in the first `bytes` bytes of a log.
[[nodiscard]] model::Result<std::vector<LineDigest>> line_digests(const std::filesystem::path& log, std::int64_t bytes);

/// Adds the digests of lines that the case does not have yet.
[[nodiscard]] model::Result<void> write_line_digests(Database& database, const std::vector<LineDigest>& digests);

/// The number of the first line whose digest is not the one in the case; one more than there are where a line is
/// missing at the end; 0 where all are the same.
[[nodiscard]] model::Result<std::int64_t> first_changed_line(Database& database,
                                                             const std::vector<LineDigest>& digests);

}  // namespace fedsleuth::storage
