// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "storage/export/npz_writer.h"

namespace fedsleuth::storage {

/// Writes arrays as one .safetensors file: the header is padded with spaces so that the data begin at a multiple of 8,
/// as the safetensors libraries do; tensors lie in the order in which they come. The same arrays give the same bytes.
/// Errors: as write_npz's.
[[nodiscard]] model::Result<void> write_safetensors(const std::filesystem::path& path,
                                                    std::span<const NamedArray> arrays,
                                                    const WriteOptions& options = {});

}  // namespace fedsleuth::storage
