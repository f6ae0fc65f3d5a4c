// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/lab/simulation.h"
#include "model/progress.h"
#include "model/verdict.h"

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace fedsleuth::ui {

/// What a person chooses in the workshop.
struct WorkshopChoice {
    std::string attack;  ///< a name of the lab's catalogue; empty: nobody attacks
    std::string rule = "fedavg";
    std::string partition = "iid";  ///< iid, dirichlet-0.5, dirichlet-0.1, classes-2
    int clients = 20;
    int rounds = 20;
    int attackers = 4;
    int onset = 7;
    int seed = 1;
};

[[nodiscard]] analysis::lab::LabOptions lab_options(const WorkshopChoice& choice);

/// A federation that was trained and judged in memory.
struct WorkshopRun {
    analysis::lab::LabOptions options;
    std::shared_ptr<const analysis::lab::LabFederation> federation;
    model::Verdicts verdicts;
    std::map<model::ClientId, double> weights;  ///< that the rule gave in the last round; empty where it gives none
};

/// Trains the federation round by round, telling of each round, then judges it as any case. Progress counts rounds,
/// then what the analysis counts. Errors: the lab's, the analysis'; cancelled.
[[nodiscard]] model::Result<WorkshopRun> run_workshop(
    const analysis::lab::LabOptions& options, model::Progress& progress,
    const std::function<void(const analysis::lab::RoundOutcome&)>& on_round);

/// Writes the run's evidence folder, signed, with truth.json. Errors: as storage::write_evidence's.
[[nodiscard]] model::Result<void> write_workshop(const WorkshopRun& run, const std::filesystem::path& folder,
                                                 model::Progress& progress);

}  // namespace fedsleuth::ui
