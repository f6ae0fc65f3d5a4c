// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "storage/export/npy_writer.h"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace fedsleuth::storage {

struct NamedArray {
    std::string name;  ///< member `<name>.npy`; unique within the file
    std::vector<std::int64_t> shape;
    std::span<const double> values;  ///< row-major
};

/// Writes arrays as one .npz, as numpy.savez does: stored, not deflated, and with a fixed time in every member, so
/// that the same arrays give the same bytes. The file appears under its name only when it is whole. Errors:
/// invalid_argument where a shape does not hold its values or a name comes twice; conflict where the file exists and
/// may not be replaced; io.
[[nodiscard]] model::Result<void> write_npz(const std::filesystem::path& path, std::span<const NamedArray> arrays,
                                            const WriteOptions& options = {});

/// One member of an archive, whose bytes are made while they are written.
struct ArchiveMember {
    std::string name;  ///< of the file in the archive, ending included
    ByteStream* bytes;
};

/// The same of members that are made on the way: its memory is a piece of one of them. A member that can't be read
/// is an error of code io.
[[nodiscard]] model::Result<void> write_archive(const std::filesystem::path& path,
                                                std::span<const ArchiveMember> members, bool overwrite);

}  // namespace fedsleuth::storage
