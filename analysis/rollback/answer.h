// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/rollback/candidates.h"
#include "analysis/rollback/contamination.h"
#include "model/case_store.h"
#include "model/progress.h"
#include "model/update_source.h"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace fedsleuth::analysis {

inline constexpr std::array<double, 3> cleanliness_levels{0.5, strict_cleanliness, 0.99};
inline constexpr double tolerated_influence = 0.01;  ///< of the tolerance-based last clean checkpoint

/// What going back to a checkpoint costs.
struct RollbackPrice {
    std::int64_t rounds = 0;          ///< of training that are lost
    std::int64_t updates = 0;         ///< sent in them
    std::int64_t clean_updates = 0;   ///< of these, by clients that nobody suspects
    std::int64_t clean_clients = 0;   ///< who sent those
    std::int64_t clean_examples = 0;  ///< training examples behind those, counted once an update
    model::Metrics then, now;         ///< of that checkpoint and of the last one
};

/// One client that the verdicts leave open, taken as malicious and as clean.
struct Toggle {
    model::ClientId client;
    double probability = 0;
    std::optional<model::RoundNo> if_malicious, if_clean;  ///< what would be recommended then
};

/// Everything that is said about going back, as the case stands now: decisions included.
struct RollbackAnswer {
    model::Rollback rollback;
    std::vector<Onset> onsets;
    std::vector<Removal> flagged;
    std::optional<Counterfactual> contamination;  ///< measured for just these clients; nothing: not yet
    std::array<std::optional<model::RoundNo>, cleanliness_levels.size()> last_clean;  ///< at each level
    std::optional<model::RoundNo> tolerant;  ///< the last one whose contamination is at most `tolerated_influence`
    std::vector<Toggle> sensitivity;         ///< every client with a probability between 0.1 and 0.9
    std::optional<RollbackPrice> price;      ///< of the recommended one

    [[nodiscard]] bool depends_on_doubt() const;  ///< some toggle changes the recommendation
    [[nodiscard]] bool by_decision() const;       ///< an analyst's decision is part of it
    /// Which doubts no checkpoint's probability has in it (see onsets_of), in one sentence; empty where there are none.
    [[nodiscard]] std::string uncounted() const;
};

/// What going back to the checkpoint of round `to` costs. `rollback` has at least one candidate.
[[nodiscard]] RollbackPrice rollback_price(const model::Rollback& rollback, model::RoundNo to,
                                           const std::vector<model::Update>& updates, const std::vector<Onset>& onsets);

/// Reads no numbers: quick on any case. Nothing before the first analysis.
[[nodiscard]] model::Result<std::optional<RollbackAnswer>> rollback_answer(model::CaseStore& store);

/// The same, and measures the contamination first where the case does not hold it for the clients that are flagged now;
/// kept in the case where that can be written.
[[nodiscard]] model::Result<std::optional<RollbackAnswer>> measured_rollback_answer(model::CaseStore& store,
                                                                                    model::UpdateSource& source,
                                                                                    bool writable,
                                                                                    model::Progress& progress);

}  // namespace fedsleuth::analysis
