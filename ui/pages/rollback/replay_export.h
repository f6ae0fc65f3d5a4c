// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/rollback/replay.h"
#include "model/progress.h"

#include <string>

namespace fedsleuth::ui {

/// Replays a case into a folder of its own: checkpoints and manifest, recorded in custody. Runs in a job. Answers the
/// number of checkpoints written.
[[nodiscard]] model::Result<std::int64_t> export_replay(const std::string& case_path,
                                                        const analysis::ReplayRequest& request,
                                                        const std::string& folder, model::Progress& progress);

}  // namespace fedsleuth::ui
