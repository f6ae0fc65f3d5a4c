// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/probe/curve.h"
#include "model/case_store.h"
#include "model/progress.h"
#include "model/result.h"
#include "model/update_source.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fedsleuth::analysis {

struct AnalysisOptions {
    bool rebuild_ledgers = false;  ///< read all updates again though their ledgers are in the case
    Probes probes;                 ///< what the analyst brings along; labels of misclassified inputs may be missing
};

struct AnalysisSummary {
    std::int64_t rounds = 0;
    std::int64_t ledgers_built = 0;  ///< the rest was in the case
    std::int64_t malicious = 0;
    std::int64_t suspect = 0;
    std::int64_t findings = 0;
    std::vector<std::string> notes;  ///< for people: what the probes came to
};



/// The whole way from updates to verdicts: builds the ledgers that are missing, runs every detector, fuses, assigns
/// verdicts, rates the checkpoints, and writes all of it to the case. Progress counts rounds. Errors: those of the
/// doors; `cancelled` (finished ledgers are kept).
[[nodiscard]] model::Result<AnalysisSummary> analyse(model::CaseStore& store, model::UpdateSource& source,
                                                     const AnalysisOptions& options, model::Progress& progress);

}  // namespace fedsleuth::analysis
