// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "storage/evidence/stored_snapshot.h"

#include <memory>

namespace fedsleuth::storage {

/// The safetensors format: a little-endian length, a JSON header of that length, the tensors' bytes. Their ranges must
/// cover what follows the header exactly: no hole, no overlap, nothing behind the last. Errors: malformed for all of
/// that, for a name that stands twice and for a header that says anything else than the format has; limit; unsupported
/// for element types that are not read.
[[nodiscard]] model::Result<std::unique_ptr<SnapshotFile>> open_safetensors(std::shared_ptr<ByteFile> file,
                                                                            const Limits& limits);

}  // namespace fedsleuth::storage
