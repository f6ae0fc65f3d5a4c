// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "storage/evidence/stored_snapshot.h"

#include <memory>
#include <string>
#include <vector>

namespace fedsleuth::storage {

/// Reads and checks the header of a NumPy array that fills `source` (numpy.lib.format, versions 1.0, 2.0 and 3.0).
/// The tensor's view lies in `source`; notes gain what a person should know. Errors: malformed for a header that is
/// not exactly what NumPy writes, or a payload of another length than it promises; refused for object arrays;
/// unsupported for records, text and complex numbers; limit.
[[nodiscard]] model::Result<FoundTensor> read_npy_header(ByteSource& source, std::string name, const std::string& where,
                                                         const Limits& limits, std::vector<std::string>& notes);

[[nodiscard]] model::Result<std::unique_ptr<SnapshotFile>> open_npy(std::shared_ptr<ByteFile> file,
                                                                    const Limits& limits);

}  // namespace fedsleuth::storage
