// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "storage/export/model_writer.h"

namespace fedsleuth::storage {

/// Writes the layers that have coordinates as one .safetensors file, float32 (F32), in their order and without gaps, as
/// the format demands. Called by write_model, which says the rest.
[[nodiscard]] model::Result<void> write_safetensors_model(const std::filesystem::path& path,
                                                          std::span<const model::Layer> layers,
                                                          const CoordinateReader& read, bool overwrite);

}  // namespace fedsleuth::storage
