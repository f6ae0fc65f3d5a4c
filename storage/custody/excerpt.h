// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/progress.h"
#include "model/result.h"
#include "storage/case/case_file.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fedsleuth::storage {

/// Some lines of a text file of the evidence as they lie there now: the one that something was found in, and those
/// around it.
struct Excerpt {
    struct Line {
        std::int64_t number = 0;  ///< from 1
        std::string text;         ///< raw, without its line break
        std::int64_t left_out = 0;  ///< bytes at its end that are not in `text`
    };
    std::vector<Line> lines;
    bool found = false;             ///< whether the file has that line at all
    std::optional<bool> unchanged;  ///< whether that line (line 0: the file) is as it was taken in; nothing: not known
};

/// What is kept of a file, however long it and its lines are.
struct ExcerptLimits {
    std::int64_t around = 12;                 ///< lines before, and after
    std::int64_t line_bytes = 64 << 10;       ///< of the line that is asked for
    std::int64_t neighbour_bytes = 1 << 10;   ///< of each of the others
};

/// Reads around `line` (0: from the start) of a file that the log names, from the evidence folder of the case. Progress
/// counts bytes. Errors: not_found (no folder, no such file); refused (see EvidenceFolder); io; cancelled.
[[nodiscard]] model::Result<Excerpt> read_excerpt(CaseFile& file, const std::string& path, std::int64_t line,
                                                  model::Progress& progress, const ExcerptLimits& limits = {});

}  // namespace fedsleuth::storage
