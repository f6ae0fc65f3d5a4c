// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/checkpoint.h"
#include "model/client.h"
#include "model/federation.h"
#include "model/progress.h"
#include "model/result.h"
#include "model/round.h"
#include "model/update.h"
#include "storage/export/signing_authority.h"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>

namespace fedsleuth::storage {

/// What a recorder would have seen of a federation. Values are d numbers each, laid out as federation.layers say.
struct RecordedFederation {
    const model::Federation& federation;
    std::span<const model::Client> clients;
    std::span<const model::Round> rounds;            ///< by number
    std::span<const model::Update> updates;          ///< by round
    std::span<const model::Checkpoint> checkpoints;  ///< by round
    std::function<std::span<const float>(std::size_t update_idx)> update_values;
    std::function<std::span<const float>(std::size_t checkpoint_idx)> checkpoint_values;
};

enum class SnapshotFormat { npz, npy, safetensors };

struct EvidenceOptions {
    SnapshotFormat format = SnapshotFormat::npz;
    const SigningAuthority* authority = nullptr;  ///< signs updates and checkpoints; null: nothing is signed
};

/// Writes an evidence folder: federation.jsonl, updates/, checkpoints/ and, where things are signed, certs/. Updates
/// are written as deltas, numbers as float32; the nouns' own paths, digests and signatures are made anew. The same
/// contents give the same bytes. The log comes last: a folder without one is unfinished. Progress counts files. Errors:
/// conflict where the folder is there and not empty; invalid_argument where a client's name can't be a file's; io;
/// cancelled.
[[nodiscard]] model::Result<void> write_evidence(const RecordedFederation& recorded,
                                                 const std::filesystem::path& folder, const EvidenceOptions& options,
                                                 model::Progress& progress);

/// Writes a text file whole; error conflict where it is there already.
[[nodiscard]] model::Result<void> write_text(const std::filesystem::path& path, std::string_view text);

}  // namespace fedsleuth::storage
