// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/checkpoint_sink.h"
#include "model/evidence_file.h"
#include "model/layer.h"
#include "model/result.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>

namespace fedsleuth::storage {

enum class ModelFormat { npz, safetensors };

[[nodiscard]] std::string_view name_of(ModelFormat format);  ///< also the file's ending
[[nodiscard]] std::optional<ModelFormat> model_format_from(std::string_view name);

using model::CoordinateReader;

/// The format of the evidence's own checkpoints where it can be written, else npz.
[[nodiscard]] ModelFormat format_like(std::span<const model::EvidenceFile> evidence);

/// Writes a model as recorders do, tensor by tensor under the layers' names, float32; counters, which have no
/// coordinates, are left out. The numbers are asked for in ascending order, up to 65,536 at a time. The same numbers
/// give the same bytes, and the file appears under its name only when it is whole. Errors: those of the reader;
/// conflict where the file exists and may not be replaced; invalid_argument for a name that comes twice; io.
[[nodiscard]] model::Result<void> write_model(const std::filesystem::path& path, ModelFormat format,
                                              std::span<const model::Layer> layers, const CoordinateReader& read,
                                              bool overwrite);

}  // namespace fedsleuth::storage
