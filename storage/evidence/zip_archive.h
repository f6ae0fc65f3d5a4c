// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "storage/evidence/byte_file.h"
#include "storage/evidence/limits.h"
#include "storage/evidence/stored_snapshot.h"

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

struct zip;
struct zip_file;

namespace fedsleuth::storage {

/// One file of an archive, as the central directory has it.
struct ZipEntry {
    std::string name;         ///< UTF-8
    bool deflated = false;    ///< else stored
    std::int64_t size = 0;    ///< inflated
    std::int64_t packed = 0;  ///< bytes in the archive
};

/// A ZIP archive (ZIP64 too), through libzip over a ByteFile. Its directory is checked when it is opened: entries only
/// stored or deflated, none encrypted, no name twice, sizes within the limits and together within the file.
class ZipArchive {
public:
    /// Errors: malformed, limit, refused (encrypted), unsupported (another compression).
    [[nodiscard]] static model::Result<std::shared_ptr<ZipArchive>> open(std::shared_ptr<ByteFile> file,
                                                                        const Limits& limits);

    [[nodiscard]] const std::vector<ZipEntry>& entries() const { return entries_; }
    [[nodiscard]] const std::string& file_name() const { return file_->name(); }

private:
    friend class ZipMember;
    struct Discard {
        void operator()(zip* archive) const;
    };
    explicit ZipArchive(std::shared_ptr<ByteFile> file) : file_(std::move(file)) {}
    [[nodiscard]] model::Result<void> connect();
    [[nodiscard]] model::Result<void> read_directory(const Limits& limits);

    std::shared_ptr<ByteFile> file_;
    std::unique_ptr<zip, Discard> archive_;
    std::vector<ZipEntry> entries_;
};

/// The inflated bytes of one entry. A stored entry is read at any place; a deflated one is inflated on the way, and
/// from its beginning again when it is read backwards. An entry that inflates to more or less than it declares is
/// malformed. The CRC is checked when an entry has been read through in order.
class ZipMember final : public ByteSource {
public:
    enum class CrcPolicy {
        fail,  ///< malformed
        tell,  ///< crc_differs() becomes true: torch writes archives without CRCs
    };
    ZipMember(std::shared_ptr<ZipArchive> archive, std::size_t entry_idx, CrcPolicy policy);
    ~ZipMember() override;

    [[nodiscard]] std::int64_t size() const override { return entry_.size; }
    [[nodiscard]] model::Result<void> read(std::int64_t offset, std::span<std::byte> out) override;
    [[nodiscard]] bool crc_differs() const { return crc_differs_; }
    [[nodiscard]] std::size_t entry_idx() const { return entry_idx_; }

private:
    struct Close {
        void operator()(zip_file* file) const;
    };
    [[nodiscard]] model::Result<void> go_to(std::int64_t offset);
    [[nodiscard]] model::Result<void> take(std::span<std::byte> out);
    [[nodiscard]] model::Result<void> check_end();
    [[nodiscard]] std::string where() const;

    std::shared_ptr<ZipArchive> archive_;
    const ZipEntry& entry_;
    std::size_t entry_idx_;
    CrcPolicy policy_;
    std::unique_ptr<zip_file, Close> file_;
    std::int64_t position_ = 0;
    bool crc_differs_ = false;
};

/// Tensors that lie in entries of an archive; one entry is open at a time.
class ZipTensorBytes final : public TensorBytes {
public:
    ZipTensorBytes(std::shared_ptr<ZipArchive> archive, std::vector<std::size_t> entry_of_tensor,
                   ZipMember::CrcPolicy policy);
    [[nodiscard]] model::Result<ByteSource*> of(std::size_t tensor_idx) override;
    [[nodiscard]] std::vector<std::string> take_notes() override;

private:
    std::shared_ptr<ZipArchive> archive_;
    std::vector<std::size_t> entry_of_tensor_;
    ZipMember::CrcPolicy policy_;
    std::unique_ptr<ZipMember> current_;
    std::set<std::size_t> noted_;  ///< entries
};

}  // namespace fedsleuth::storage
