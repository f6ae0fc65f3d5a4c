// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/layer.h"
#include "model/result.h"
#include "storage/evidence/snapshot_file.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace fedsleuth::storage {

/// A run of coordinates that lie together in one tensor.
struct TensorSpan {
    std::int64_t first = 0;  ///< coordinate
    std::int64_t count = 0;
    std::size_t tensor_idx = 0;
    std::int64_t tensor_first = 0;  ///< element of the tensor
};

/// Where in a snapshot the coordinates of the federation lie.
struct TensorMap {
    std::vector<TensorSpan> spans;             ///< ascending, without gaps, all coordinates
    std::vector<std::size_t> integer_tensors;  ///< indexes of the tensors that are kept and not calculated with
};

/// A tensor's name without what wrappers put before it: "_module." (Opacus), "module." (data parallel).
[[nodiscard]] std::string_view bare_name(std::string_view name);

/// Matches tensors to layers: by name where the file names them (wrappers' prefixes aside), else by position; one
/// nameless tensor with as many elements as the federation has coordinates is the flattened model. Missing counters
/// and additional integer tensors are no misfit. Error malformed, one sentence that says what does not fit.
[[nodiscard]] model::Result<TensorMap> match_tensors(const std::vector<model::Layer>& layers,
                                                     const SnapshotFile& snapshot);

/// Coordinates first … first + count − 1 as float32.
[[nodiscard]] model::Result<void> read_coordinates(SnapshotFile& snapshot, const TensorMap& map, std::int64_t first,
                                                   std::int64_t count, float* out);

}  // namespace fedsleuth::storage
