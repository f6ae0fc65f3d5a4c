// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/layer.h"
#include "model/progress.h"
#include "storage/case/tensor_map.h"
#include "storage/custody/file_digest.h"
#include "storage/evidence/evidence_folder.h"
#include "storage/ingest/ingest.h"
#include "storage/ingest/ingest_state.h"
#include "storage/sqlite/database.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fedsleuth::storage {

/// What became of a file that the log names: its contents' digest, or why there are none.
struct FileFacts {
    std::optional<std::string> sha256;
    std::string problem;  ///< absent, unsafe-path, unreadable, changing
    std::string text;
};

/// Takes snapshot files into the case, inside the caller's transactions: hashes them, reads them slab by slab, keeps
/// identical numbers once. Memory is bounded by a slab, whatever the model.
class SnapshotIntake {
public:
    SnapshotIntake(Database& database, const EvidenceFolder& folder, std::vector<model::Layer> layers,
                   const IngestOptions& options, model::Progress& progress);

    /// Errors are those of the case file and `cancelled`; what is wrong with the evidence is a fact, not an error.
    [[nodiscard]] model::Result<FileFacts> take(const std::string& path);

    /// Files and bytes read since the last call.
    [[nodiscard]] IngestCounts counts();

private:
    struct IntegerTensor {
        model::TensorInfo info;
        std::vector<std::int64_t> values;
    };
    /// One row of the table `snapshot`, and those that hang on it.
    struct Facts {
        std::string format;
        std::string_view state = "usable";
        std::string problem;
        std::string text;
        std::int64_t non_finite = 0;
        std::optional<std::int64_t> payload;
        std::string notes;
        std::vector<IntegerTensor> integers;
    };
    struct Origin {
        const std::string& path;
        const std::string& sha256;
        std::int64_t bytes = 0;
    };

    model::Result<bool> known(const std::string& sha256);
    model::Result<Facts> read(const std::filesystem::path& file, const Origin& origin);
    model::Result<void> read_numbers(SnapshotFile& snapshot, const TensorMap& map, const Origin& origin, Facts& facts);
    void collect_integers(SnapshotFile& snapshot, const TensorMap& map, Facts& facts);
    model::Result<void> write(const std::string& sha256, std::int64_t bytes, const Facts& facts);

    Database& database_;
    const EvidenceFolder& folder_;
    std::vector<model::Layer> layers_;
    std::int64_t coordinates_ = 0;
    IngestOptions options_;
    model::Progress& progress_;
    IngestCounts counts_;
    std::vector<float> slab_;
};

}  // namespace fedsleuth::storage
