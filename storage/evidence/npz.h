// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "storage/evidence/zip_archive.h"

#include <memory>

namespace fedsleuth::storage {

/// A NumPy archive: every entry "<name>.npy" is one tensor. Where all names are arr_0, arr_1, … the tensors are only
/// numbered, and sorted by that number. Errors: those of read_npy_header, with the entry's name; malformed where no
/// entry is an array.
[[nodiscard]] model::Result<std::unique_ptr<SnapshotFile>> open_npz(std::shared_ptr<ZipArchive> archive,
                                                                    const Limits& limits);

}  // namespace fedsleuth::storage
