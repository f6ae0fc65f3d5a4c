// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/probe_set.h"
#include "model/result.h"

#include <cstdint>
#include <filesystem>

namespace fedsleuth::storage {

/// What a probe file may not exceed.
struct ProbeLimits {
    std::int64_t rows = 100'000;
    std::int64_t elements = std::int64_t{1} << 26;  ///< of all inputs together: 256 MiB
    std::int64_t rank = 8;
    std::int64_t classes = 1'000'000;
};

/// Whether a probe file must say the labels.
enum class ProbeLabels { required, optional };

/// Reads inputs and labels from an `.npz`: the array `x` or `inputs` holds one input a row, in the numbers (and on the
/// scale) that the model takes, floats or integers; `y` or `labels` one class number a row. Where `y` is a single
/// number and `x` has another first dimension, or `x` has only one, `x` is a single input. Other arrays are passed
/// over. The file is trusted no more than evidence is. Errors: those of open_snapshot; malformed for missing arrays,
/// shapes that don't fit, labels that are no class numbers, values that are not finite; limit.
[[nodiscard]] model::Result<model::ProbeSet> read_probe_set(const std::filesystem::path& path, ProbeLabels labels,
                                                            const ProbeLimits& limits = {});

}  // namespace fedsleuth::storage
