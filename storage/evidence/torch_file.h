// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "storage/evidence/zip_archive.h"

#include <memory>

namespace fedsleuth::storage {

/// True where the archive's entries say that torch.save or TorchScript wrote it: some "<prefix>/data.pkl".
[[nodiscard]] bool is_torch_archive(const ZipArchive& archive);

/// torch.save of a state_dict in the ZIP form: bare, or under "model", "state_dict", "model_state_dict" or
/// "module_state_dict"; "_module." before all names (Opacus) is taken off; a list or tuple of tensors is only numbered.
/// The pickle is read and never run. Errors: refused for every pickle that asks for more than tensors, and for
/// TorchScript; malformed for storages of another length than the pickle says and views that leave their storage;
/// limit for views that repeat their storage beyond measure.
[[nodiscard]] model::Result<std::unique_ptr<SnapshotFile>> open_torch(std::shared_ptr<ZipArchive> archive,
                                                                      const Limits& limits);

}  // namespace fedsleuth::storage
