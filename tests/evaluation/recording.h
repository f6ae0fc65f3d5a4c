// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/lab/federation.h"
#include "analysis/verdict/evidence.h"
#include "evaluation/grid.h"
#include "model/progress.h"
#include "model/round_ledger.h"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace fedsleuth::evaluation {

/// What of a federation its verdicts and their judge need: ledgers and the truth, without the updates.
struct Recording {
    Cell cell;
    std::map<model::ClientId, std::vector<model::RoundNo>> malicious;
    std::map<model::ClientId, std::string> attack_of;  ///< the verdicts' name of each attacker's attack
    std::vector<model::ClientId> unreliable;
    std::map<model::ClientId, double> examples;
    std::vector<model::RoundLedger> ledgers;

    [[nodiscard]] analysis::Evidence evidence() const;
};

/// Simulates the cell and measures every round.
[[nodiscard]] model::Result<Recording> record(const Cell& cell);

/// A labelled evidence folder, through ingest and the ledgers of an analysis: a federation that the lab did not make.
/// `scratch`: where the case file is put.
[[nodiscard]] model::Result<Recording> record_folder(const std::filesystem::path& folder,
                                                     const std::filesystem::path& scratch);

/// Ledgers and truth as bytes in a file, so that simulating is done once for many experiments.
[[nodiscard]] model::Result<void> save(const Recording& recording, const std::filesystem::path& file);
[[nodiscard]] model::Result<Recording> load(const Cell& cell, const std::filesystem::path& file);

}  // namespace fedsleuth::evaluation
