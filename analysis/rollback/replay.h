// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/rollback/counterfactual.h"
#include "analysis/rollback/replay_probe.h"
#include "model/case_store.h"

#include <string>
#include <vector>

namespace fedsleuth::analysis {

enum class Badge { green, amber, red };
[[nodiscard]] std::string_view name_of(Badge badge);

/// How far a replayed model can be believed (methods G.3 R5): clients answered the shipped models, not the ones that
/// would have been.
struct Validity {
    Badge badge = Badge::green;
    double moved = 0;         ///< |w would be − w| / |w − w₀| at the last checkpoint
    double disagreement = 0;  ///< |e frozen − e corrected| / |e frozen|
    std::string reason;       ///< one or two sentences
};

/// Green: moved less than 0.2 and the two replays disagree by less than 0.25; amber: moved less than 0.5; else red.
[[nodiscard]] Validity validity_of(const Counterfactual& replay);

struct ReplayRequest {
    std::vector<model::ClientId> exclude;
    bool flagged = false;  ///< also everybody who is malicious by decision or verdict
    std::optional<ChosenRule> rule;
    std::optional<model::RoundNo>
        from;  ///< nothing: the recommended checkpoint where flagged clients go, else the first
};

/// What the request comes to on this case. Errors: not_found for a client that the case does not know, or flagged
/// clients before the analysis; invalid_argument for a request that changes nothing.
[[nodiscard]] model::Result<CounterfactualOptions> replay_options(model::CaseStore& store,
                                                                  const ReplayRequest& request);

/// Options and the digests of all evidence that goes in, as one JSON object on one line: two replays with the same
/// inputs have the same results.
[[nodiscard]] model::Result<std::string> replay_inputs_json(model::CaseStore& store,
                                                            const CounterfactualOptions& options);

struct ReplayFile {
    model::RoundNo round;
    std::string kind;  ///< "frozen" or "corrected"
    std::string path;  ///< within the folder
    std::string sha256;
};

/// The manifest of a series of counterfactual checkpoints: inputs with their digests, what was removed, rule, seed,
/// program version, validity with its reason, the curve, the files, and what the reader must know.
[[nodiscard]] std::string replay_manifest_json(const std::string& inputs_json, const Counterfactual& replay,
                                               const std::vector<ReplayFile>& files);

struct ReplayOutcome {
    Counterfactual replay;
    std::vector<ReplayFile> files;
    std::string manifest;
    std::string manifest_sha256;
    std::string custody_json;  ///< parameters for the entry that records it
};

/// Runs the replay into the sink: every round's frozen model, the last round's corrected one, the manifest. Goes on
/// where the same replay was stopped. `probe`, where there is one, is shown every model: those that an earlier run made
/// are read back. Of these the corrected ones are there only if that run had a probe too. Errors: those of
/// run_counterfactual and of the sink.
[[nodiscard]] model::Result<ReplayOutcome> replay_into(model::CaseStore& store, model::UpdateSource& source,
                                                       const CounterfactualOptions& options,
                                                       model::CheckpointSink& sink, model::Progress& progress,
                                                       ReplayProbe* probe = nullptr);

}  // namespace fedsleuth::analysis
