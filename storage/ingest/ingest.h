// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/progress.h"
#include "model/result.h"
#include "storage/evidence/limits.h"

#include <cstdint>
#include <filesystem>

namespace fedsleuth::storage {

struct IngestOptions {
    bool link = false;  ///< keep the numbers in the evidence files; the case then holds hashes and ledgers
    Limits limits;
};

struct IngestSummary {
    bool changed = false;  ///< false: the case already held all of it
    std::int64_t rounds = 0;       ///< newly taken in
    std::int64_t updates = 0;
    std::int64_t checkpoints = 0;
    std::int64_t files = 0;        ///< read
    std::int64_t bytes = 0;
    std::int64_t issues = 0;       ///< import issues in the case now
    std::int64_t findings = 0;     ///< findings of ingest in the case now
};

/// Takes an evidence folder into a case, which is made where there is none. One transaction a round: killed at any
/// moment and run again, it goes on where it stopped and ends in the same case. On a finished folder it changes
/// nothing; on one that has grown it adds what is new. The evidence folder is only read; truth.json not even that.
/// Errors: those of EvidenceFolder and CaseFile; `cancelled` on a stop (finished rounds are kept); conflict where
/// the case was made from another federation, or what was taken in before has changed in the log since.
[[nodiscard]] model::Result<IngestSummary> ingest(const std::filesystem::path& folder,
                                                  const std::filesystem::path& case_file, const IngestOptions& options,
                                                  model::Progress& progress);

}  // namespace fedsleuth::storage
