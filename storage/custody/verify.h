// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/progress.h"
#include "model/result.h"
#include "storage/case/case_file.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace fedsleuth::storage {

/// One thing that is not as it was.
struct CustodyProblem {
    std::string what;   ///< "custody", "case", "numbers", "evidence", "seal"
    std::string where;  ///< "entry 3", a table, a path, …
    std::string text;   ///< one sentence
};

struct VerifyOptions {
    std::optional<std::filesystem::path> folder;  ///< instead of the one that the case was made from
    std::optional<std::string> seal;              ///< the text of a seal of this case
    std::optional<std::string> seal_key;          ///< PEM of the public key that it must bear
};

struct Verification {
    std::vector<CustodyProblem> problems;
    std::vector<std::string> notes;  ///< what could not be checked, and why
    std::int64_t entries = 0;
    std::string head;           ///< hash of the last entry
    std::string evidence_root;  ///< of the hash tree over the evidence's digests
    std::int64_t evidence_files = 0;
    std::int64_t files_read = 0;  ///< of the evidence folder, again
    std::int64_t bytes_read = 0;

    [[nodiscard]] bool intact() const { return problems.empty(); }
};

/// Recomputes everything that custody vouches for: the chain, the rows that each act wrote, the numbers of every
/// snapshot, the hash tree, and, where the folder is there, every evidence file; and compares the case with a seal.
/// Writes nothing. Progress counts bytes. Errors: those of the case; cancelled; malformed where a given seal or key is
/// no such thing.
[[nodiscard]] model::Result<Verification> verify_case(CaseFile& file, const VerifyOptions& options,
                                                      model::Progress& progress);

/// That a file is a leaf of the hash tree over the evidence (see proves_inclusion()): its data is path, NUL, sha256.
struct InclusionProof {
    std::string sha256;
    std::size_t index = 0, size = 0;
    std::vector<std::string> hashes;  ///< from the bottom up
    std::string root;
};
/// Error not_found for a path that is not in the evidence.
[[nodiscard]] model::Result<InclusionProof> prove_evidence(CaseFile& file, const std::string& path);

}  // namespace fedsleuth::storage
