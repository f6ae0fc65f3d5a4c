// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "storage/evidence/snapshot_file.h"
#include "storage/evidence/tensor_view.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace fedsleuth::storage {

/// Hands out the bytes that each tensor lies in: one file for all, or a member of an archive for each.
class TensorBytes {
public:
    virtual ~TensorBytes() = default;
    /// Stays valid until the next call.
    [[nodiscard]] virtual model::Result<ByteSource*> of(std::size_t tensor_idx) = 0;
    /// What came to light while bytes were read; each note is given once.
    [[nodiscard]] virtual std::vector<std::string> take_notes() { return {}; }
};

/// All tensors in one file, at the offsets that their views name.
class FileTensorBytes final : public TensorBytes {
public:
    explicit FileTensorBytes(std::shared_ptr<ByteFile> file) : file_(std::move(file)) {}
    [[nodiscard]] model::Result<ByteSource*> of(std::size_t) override { return file_.get(); }

private:
    std::shared_ptr<ByteFile> file_;
};

/// One tensor that a reader found: what it is, and how it lies in its bytes.
struct FoundTensor {
    model::TensorInfo info;
    TensorView view;
};

/// A snapshot file of any format, once its reader has found and checked all tensors.
class StoredSnapshot final : public SnapshotFile {
public:
    struct Parts {
        std::string_view format;  ///< a literal
        std::string file;         ///< name, for messages
        std::vector<FoundTensor> tensors;
        bool named = true;
        std::vector<std::string> notes;
        std::unique_ptr<TensorBytes> bytes;
    };
    /// Errors: limit, where the tensors together exceed what one snapshot may hold.
    [[nodiscard]] static model::Result<std::unique_ptr<SnapshotFile>> make(Parts parts, const Limits& limits);

    [[nodiscard]] std::string_view format() const override { return format_; }
    [[nodiscard]] model::Result<void> read(std::size_t tensor_idx, std::int64_t first, std::int64_t count,
                                           float* out) override;
    [[nodiscard]] model::Result<std::vector<std::int64_t>> integers(std::size_t tensor_idx) override;

private:
    explicit StoredSnapshot(Parts parts, const Limits& limits);
    [[nodiscard]] std::string place_of(std::size_t tensor_idx) const;
    [[nodiscard]] model::Result<void> finish(std::size_t tensor_idx, model::Result<void> outcome);

    std::string_view format_;
    std::string file_;
    std::vector<TensorView> views_;
    std::unique_ptr<TensorBytes> bytes_;
    Limits limits_;
};

/// Sets type, shape and count of both halves. Errors: limit for rank and size, malformed for a shape that overflows.
[[nodiscard]] model::Result<FoundTensor> found_tensor(std::string name, model::ElementType type,
                                                      std::vector<std::int64_t> shape, const Limits& limits,
                                                      const std::string& where);

}  // namespace fedsleuth::storage
