// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/identity/audit.h"
#include "analysis/privacy/audit.h"
#include "analysis/privacy/claims.h"
#include "analysis/rollback/answer.h"
#include "model/case_store.h"
#include "model/progress.h"

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
    std::vector<model::Update> updates;  ///< by round, then client
    std::vector<model::Checkpoint> checkpoints;
    std::vector<model::EvidenceFile> files;
    std::vector<model::ImportIssue> issues;
    std::optional<model::Verdicts> verdicts;
    std::optional<model::Rollback> rollback;
    std::optional<analysis::RollbackAnswer> answer;  ///< what rollback is a part of
    std::vector<model::Finding> findings;
    std::vector<model::Decision> decisions;
    std::vector<model::CustodyEntry> custody;
    bool custody_intact = true;
    std::vector<std::string> custody_problems;  ///< in sentences; empty where the chain is intact
    analysis::PrivacyClaims privacy;
    /// The audit under its own assumptions; null for data that was put together by hand, or where it could not be made.
    std::shared_ptr<const analysis::PrivacyAudit> audit;
    std::vector<model::SignatureCheck> signatures;  ///< of the last analysis; by round, the checkpoint's first
    std::vector<analysis::CertificateView> certificates;
    std::map<std::string, double> policy;  ///< the limits that the case sets itself

    /// Detector scores of every round, in the order of `rounds` (empty before the analysis).
    std::vector<std::vector<model::DetectorScores>> scores;
    /// Per round of `rounds`: analysis::round_suspicion() of its scores, as the ribbon shows it.
    std::vector<double> suspicion;

    // Made while loading, for quick look-up.
    /// What the clients claim, in the shape of an audit: stands in for `audit` where there is none.
    std::shared_ptr<const analysis::PrivacyAudit> claims_audit;
    std::map<model::ClientId, std::size_t> verdict_of;                 ///< index into verdicts->clients
    std::map<model::RoundNo, std::size_t> round_index;                 ///< index into rounds
    std::map<model::ClientId, std::size_t> decision_of;                ///< index into decisions: the newest
    std::map<model::ClientId, std::vector<std::uint32_t>> updates_of;  ///< indices into updates, by round
    std::vector<std::string> metric_names;                             ///< that any update reports, by name
    bool examples_reported = false;                                    ///< by any update

    [[nodiscard]] const model::Verdict* verdict(const model::ClientId& client) const;
    /// The analyst's decision where there is one, else the verdict's class.
    [[nodiscard]] model::VerdictClass shown_class(const model::ClientId& client) const;
    [[nodiscard]] const model::Decision* decision(const model::ClientId& client) const;  ///< the newest
};

using CaseDataPtr = std::shared_ptr<const CaseData>;

/// Reads all of it. Called in a job. Error cancelled on a stop, besides those of the store.
[[nodiscard]] model::Result<CaseDataPtr> load_case_data(model::CaseStore& store, const std::string& case_path,
                                                        model::Progress& progress);
[[nodiscard]] model::Result<CaseDataPtr> load_case_data(model::CaseStore& store, const std::string& case_path);

/// The same case after a decision: decisions, custody and what the checkpoints are worth are read again, the rest
/// stays.
[[nodiscard]] model::Result<CaseDataPtr> with_new_acts(const CaseData& before, model::CaseStore& store);

/// Fills the look-ups from the rest. For data that was put together by hand.
void index_case_data(CaseData& data);

}  // namespace fedsleuth::ui
