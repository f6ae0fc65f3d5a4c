// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/result.h"
#include "model/snapshot.h"
#include "storage/evidence/limits.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fedsleuth::storage {

/// One snapshot file, its directory of tensors read and checked, its numbers read on demand in blocks: memory stays
/// bounded by the block. Every length and offset has been checked against the file before open() returns.
class SnapshotFile {
public:
    virtual ~SnapshotFile() = default;

    [[nodiscard]] virtual std::string_view format() const = 0;  ///< "npy", "npz", "safetensors", "pt"
    /// In the order in which positions count (arr_0, arr_1, … arr_10; else the file's own order).
    [[nodiscard]] const std::vector<model::TensorInfo>& tensors() const { return tensors_; }
    /// False where the file only numbers its tensors (arr_0 …, a bare .npy, a list): they are matched by position.
    [[nodiscard]] bool named() const { return named_; }
    /// What a person should know though the file was read: a CRC that does not fit, V2 taken for bfloat16, …
    [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

    /// Elements first … first + count − 1 of a float tensor, in row-major order of its shape, as float32 (float64 is
    /// rounded). Blocks in ascending order are read once through, also from a deflated member.
    [[nodiscard]] virtual model::Result<void> read(std::size_t tensor_idx, std::int64_t first, std::int64_t count,
                                                   float* out) = 0;
    /// All elements of an integer or boolean tensor, row-major (uint64 above 2^63 wraps).
    [[nodiscard]] virtual model::Result<std::vector<std::int64_t>> integers(std::size_t tensor_idx) = 0;

protected:
    std::vector<model::TensorInfo> tensors_;
    std::vector<std::string> notes_;
    bool named_ = true;
};

/// Opens a snapshot, told by its content and not by its name: .npy, .npz, .safetensors, torch's ZIP form. Errors say
/// file, place and reason; code `refused` where the file is well formed but holds what is never opened.
[[nodiscard]] model::Result<std::unique_ptr<SnapshotFile>> open_snapshot(const std::filesystem::path& path,
                                                                         const Limits& limits = {});

}  // namespace fedsleuth::storage
