// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/result.h"

#include <filesystem>
#include <string_view>

namespace fedsleuth::storage {

/// A folder that is evidence: opened read-only, never written, and never left through a path of its own.
class EvidenceFolder {
public:
    /// Errors: not_found, io.
    [[nodiscard]] static model::Result<EvidenceFolder> open(const std::filesystem::path& folder);

    /// The file that `relative` (as the log has it) names. Refused: an absolute path, one with "..", a backslash or a
    /// NUL, and one that leads out of the folder through a link, or to anything but a regular file.
    [[nodiscard]] model::Result<std::filesystem::path> resolve(std::string_view relative) const;

    [[nodiscard]] const std::filesystem::path& root() const { return root_; }
    [[nodiscard]] std::filesystem::path log_path() const { return root_ / "federation.jsonl"; }

private:
    explicit EvidenceFolder(std::filesystem::path root) : root_(std::move(root)) {}
    std::filesystem::path root_;  ///< canonical
};

}  // namespace fedsleuth::storage
