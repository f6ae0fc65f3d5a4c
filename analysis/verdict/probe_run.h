// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/probe/curve.h"
#include "analysis/verdict/evidence.h"
#include "model/checkpoint.h"
#include "model/federation.h"
#include "model/progress.h"
#include "model/update_source.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fedsleuth::analysis {

/// What the probes came to in one analysis.
struct ProbeRun {
    ProbeEvidence evidence;
    std::string json;                ///< for the case: the probes, the network, and a curve of the shipped models
    std::vector<std::string> notes;  ///< for people
};

/// The document in which an analysis keeps what it was given as probes, and how the shipped models do on them.
inline constexpr std::string_view probe_document = "probe";

/// What such a document says, as sentences; empty where no probe was given.
[[nodiscard]] std::string probes_summary(const std::string& json);

/// Measures every scored round whose beginning model is usable. Misclassified inputs without labels get the answers of
/// the last usable checkpoint. `rounds`: each scored round with its clients. Progress counts rounds. Errors: those of
/// network_for (unsupported, invalid_argument), of the doors, cancelled.
[[nodiscard]] model::Result<ProbeRun> run_probes(
    model::UpdateSource& source, const model::Federation& federation, const std::vector<model::Checkpoint>& checkpoints,
    Probes probes, const std::vector<std::pair<model::RoundNo, std::vector<model::ClientId>>>& rounds,
    model::Progress& progress);

}  // namespace fedsleuth::analysis
