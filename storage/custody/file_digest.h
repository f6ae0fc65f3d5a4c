// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/result.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace fedsleuth::storage {

/// What the file system says of a file: two equal stamps, the same contents (as far as it can tell).
struct FileStamp {
    std::int64_t bytes = 0;
    std::int64_t changed_ns = 0;  ///< of the last change of its contents
    std::uint64_t device = 0;
    std::uint64_t inode = 0;

    bool operator==(const FileStamp&) const = default;
};

/// Errors: not_found, io.
[[nodiscard]] model::Result<FileStamp> file_stamp(const std::filesystem::path& path);

/// SHA-256 of a file's bytes, read once through in pieces of 1 MiB. `seen` is told the size of every piece; when it
/// answers false the error is `cancelled`. Errors: not_found, io.
[[nodiscard]] model::Result<std::string> sha256_of_file(const std::filesystem::path& path,
                                                        const std::function<bool(std::int64_t)>& seen = {});

}  // namespace fedsleuth::storage
