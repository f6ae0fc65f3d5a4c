// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/rollback/round_rule.h"
#include "model/case_store.h"
#include "model/checkpoint_sink.h"
#include "model/progress.h"
#include "model/update_source.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace fedsleuth::analysis {

/// A client whose updates are left out from a round on.
struct Removal {
    model::ClientId client;
    model::RoundNo since;

    bool operator==(const Removal&) const = default;
};

struct CounterfactualOptions {
    std::optional<model::RoundNo> from;  ///< the checkpoint to start at; nothing: the first that can be used
    std::vector<Removal> removals;
    std::optional<ChosenRule> rule;        ///< nothing: as the federation declares it
    std::vector<model::RoundNo> tampered;  ///< rounds whose shipped step is not what the updates give
    bool parts = false;  ///< also what each removed client did alone (the first `parts_limit` of them)
};

inline constexpr std::size_t parts_limit = 32;

/// One checkpoint, as it was shipped (w) and as it would have been (w − e).
struct CounterfactualPoint {
    model::RoundNo round;
    double way = 0;             ///< |w − w₀|, w₀ the first usable checkpoint
    double injected = 0;        ///< |δ|: the shipped step of this round less the one that the rest gives
    double frozen = 0;          ///< |e| when every other update stays as it was sent (L0)
    double corrected = 0;       ///< |e| when honest clients are taken to answer the other model, by L-BFGS (L1)
    double apart = 0;           ///< |e frozen − e corrected|
    /// Σ ρ^(t−s) |δ_s|: an estimate of |e|. With ρ the median secant it bounds neither replay: it may lie below both.
    double bound = 0;
    std::vector<double> parts;  ///< per removal: |e| of that client alone, frozen
    std::vector<double> parts_injected;  ///< per removal: |δ| of that client alone, this round
};

struct Counterfactual {
    model::RoundNo from;
    std::vector<Removal> removals;
    std::vector<CounterfactualPoint> points;  ///< by round, `from` first
    std::optional<double> secant;             ///< ρ: the median over rounds of |s + y| / |s|
    std::vector<double> share;                ///< per removal: of e at the last checkpoint, ⟨e_i, e⟩ / |e|²
    std::vector<model::RoundNo> tampered;     ///< rounds whose shipped step is not what the updates give: in δ too
    std::vector<model::RoundNo> not_redone;   ///< rounds that had to be left as they were shipped
    std::int64_t frozen_rounds = 0;           ///< of L1: rounds in which the guard left J = 0
    std::vector<std::string> notes;
};

using VectorReader = model::CoordinateReader;

/// Is told of each checkpoint as it is finished, `from` included: the model that would have been, by the frozen replay
/// and (where it differs) by the corrected one. The readers are good during the call only.
using CheckpointTaker =
    std::function<model::Result<void>(model::RoundNo round, const VectorReader& frozen, const VectorReader& corrected)>;

/// Where a replay keeps its state between rounds. An empty folder: nowhere, it can't be resumed.
struct ReplayState {
    std::string folder;
    std::string identity;  ///< a replay with another identity starts anew
};

/// Trains the federation again on paper: from a checkpoint on, without some clients or under another rule, every
/// round's rule is run on the updates that were really sent. Streams: its memory is a block of coordinates for the
/// updates of one round, whatever the model's size; its vectors live in a scratch file (about 20 models).
/// Deterministic. Errors: not_found for a start that is no usable checkpoint; unsupported where the declared rule can't
/// be run again and updates are to be left out; those of the doors; `cancelled`.
[[nodiscard]] model::Result<Counterfactual> run_counterfactual(model::CaseStore& store, model::UpdateSource& source,
                                                               const CounterfactualOptions& options,
                                                               const CheckpointTaker& taker, const ReplayState& state,
                                                               model::Progress& progress);

}  // namespace fedsleuth::analysis
