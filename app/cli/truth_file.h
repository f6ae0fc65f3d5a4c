// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/cli/scoring.h"
#include "model/result.h"

#include <filesystem>

namespace fedsleuth::cli {

/// Reads who really attacked from a labelled federation's truth.json. Nothing but `score` calls it. Errors: not_found,
/// io, malformed.
[[nodiscard]] model::Result<Truth> read_truth(const std::filesystem::path& file);

}  // namespace fedsleuth::cli
