// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/privacy/claims.h"
#include "model/case_store.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace fedsleuth::ui {

/// Everything that the pages show of a case apart from ledgers and scores: one immutable value, read by a job and
/// shared by all pages. A change in the case makes a new one.
struct CaseData {
    std::string case_path;
    model::Federation federation;
    std::vector<model::Client> clients;
    std::vector<model::Round> rounds;
    std::vector<model::Update> updates;          ///< by round, then client
    std::vector<model::Checkpoint> checkpoints;
    std::vector<model::EvidenceFile> files;
    std::vector<model::ImportIssue> issues;
    std::optional<model::Verdicts> verdicts;
    std::optional<model::Rollback> rollback;
    std::vector<model::Finding> findings;
    std::vector<model::Decision> decisions;
    std::vector<model::CustodyEntry> custody;
    bool custody_intact = true;
    analysis::PrivacyClaims privacy;

    /// Detector scores of every round, in the order of `rounds` (empty before the analysis).
    std::vector<std::vector<model::DetectorScores>> scores;
    /// Per round of `rounds`: the highest evidence of any client, as the ribbon shows it; NaN where not analysed.
    std::vector<double> suspicion;

    // Made while loading, for quick look-up.
    std::map<model::ClientId, std::size_t> verdict_of;  ///< index into verdicts->clients
    std::map<model::RoundNo, std::size_t> round_index;  ///< index into rounds

    [[nodiscard]] const model::Verdict* verdict(const model::ClientId& client) const;
    /// The analyst's decision where there is one, else the verdict's class.
    [[nodiscard]] model::VerdictClass shown_class(const model::ClientId& client) const;
    [[nodiscard]] const model::Decision* decision(const model::ClientId& client) const;  ///< the newest
};

using CaseDataPtr = std::shared_ptr<const CaseData>;

/// Reads all of it. Called in a job.
[[nodiscard]] model::Result<CaseDataPtr> load_case_data(model::CaseStore& store, const std::string& case_path);

}  // namespace fedsleuth::ui
