// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/federation.h"
#include "model/update_source.h"
#include "storage/case/tensor_map.h"
#include "storage/sqlite/database.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <vector>

namespace fedsleuth::storage {

inline constexpr std::int64_t highest_payload = std::int64_t{1} << 42;  ///< so that slab_id fits

/// Slab `slab_idx` of a payload in the table `slab`.
[[nodiscard]] constexpr std::int64_t slab_id(std::int64_t payload, std::int64_t slab_idx)
{
    return payload * 1'048'576 + slab_idx;
}

/// The numbers of a case: finds the payload of a row, reads its slabs (or the file that it stayed in), and makes a
/// delta of what was sent. What it found out it keeps until somebody writes to the case.
class VectorReader {
public:
    explicit VectorReader(Database& database) : database_(database) {}

    [[nodiscard]] model::Result<std::int64_t> coordinates();
    /// As UpdateSource::read.
    [[nodiscard]] model::Result<void> read(std::span<const model::VectorRef> rows, std::int64_t first,
                                           std::int64_t count, float* out);
    /// Coordinates of one payload as it is stored, whatever names it.
    [[nodiscard]] model::Result<void> read_payload(std::int64_t payload, std::int64_t first, std::int64_t count,
                                                   float* out);

private:
    struct CloseBlob;
    struct Payload {
        std::int64_t id = 0;
        bool linked = false;
        std::string path;  ///< of a linked one
        std::string file_sha256;
        std::int64_t file_bytes = 0;
    };
    /// What is read for a VectorRef: payload, − base where there is one, × factor.
    struct Source {
        std::int64_t payload = 0;
        std::optional<std::int64_t> base;
        double factor = 1.0;
    };
    /// A linked file that is open.
    struct OpenFile {
        std::unique_ptr<SnapshotFile> snapshot;
        TensorMap map;
        std::uint64_t last_use = 0;
    };
    using Key = std::tuple<int, std::int64_t, std::string>;

    model::Result<void> refresh();
    model::Result<void> check_range(std::int64_t first, std::int64_t count) const;
    model::Result<void> read_numbers(std::int64_t payload, std::int64_t first, std::int64_t count, float* out);
    model::Result<Source> find(const model::VectorRef& row);
    model::Result<Source> find_update(const model::VectorRef& row);
    model::Result<std::int64_t> find_checkpoint(model::RoundNo round);
    model::Result<const Payload*> payload(std::int64_t id);
    model::Result<void> read_slabs(const Payload& payload, std::int64_t first, std::int64_t count, float* out);
    model::Result<void> read_linked(const Payload& payload, std::int64_t first, std::int64_t count, float* out);
    model::Result<OpenFile*> open_linked(const Payload& payload);
    model::Result<const float*> base_block(std::int64_t payload, std::int64_t first, std::int64_t count);

    Database& database_;
    std::optional<Statement> version_statement_;
    std::int64_t seen_version_ = -1;
    std::int64_t seen_changes_ = -1;

    std::vector<model::Layer> layers_;
    std::int64_t coordinates_ = 0;
    model::UpdateKind kind_ = model::UpdateKind::delta;
    double server_learning_rate_ = 1.0;
    std::map<Key, Source> sources_;
    std::map<std::int64_t, Payload> payloads_;

    std::optional<Blob> blob_;  ///< open only while read() runs: an open one would keep writers out
    std::map<std::int64_t, OpenFile> open_files_;
    std::map<std::int64_t, std::tuple<std::int64_t, std::int64_t>> verified_;  ///< payload → size, time of change
    std::uint64_t uses_ = 0;

    std::int64_t block_first_ = 0;  ///< of what base_blocks_ hold
    std::int64_t block_count_ = 0;
    std::map<std::int64_t, std::vector<float>> base_blocks_;  ///< payload → its numbers in the current block
};

}  // namespace fedsleuth::storage
