// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/privacy/audit.h"
#include "analysis/rollback/answer.h"
#include "model/case_store.h"
#include "model/progress.h"
#include "model/update_source.h"

#include <map>
#include <optional>
#include <vector>

namespace fedsleuth::analysis {

/// Everything that a report or a metrics file says of a case, read once.
struct ReportData {
    model::Federation federation;
    std::vector<model::Client> clients;
    std::vector<model::Round> rounds;
    std::vector<model::Update> updates;
    std::vector<model::Checkpoint> checkpoints;
    std::vector<model::EvidenceFile> files;
    std::vector<model::ImportIssue> issues;
    std::vector<model::Finding> findings;
    std::vector<model::Decision> decisions;
    std::vector<model::CustodyEntry>
        custody;  ///< without the reports made of the case: a report does not change the next
    std::map<std::string, double> policy;
    std::optional<model::Verdicts> verdicts;  ///< nothing before the first analysis
    std::optional<RollbackAnswer> rollback;   ///< likewise
    PrivacyAudit audit;
    std::map<model::ClientId, std::map<model::RoundNo, double>>
        evidence;                        ///< the strongest detector's, per client and round
    std::vector<std::string> detectors;  ///< that gave scores
    std::string probes;  ///< what the probes came to, as sentences; empty where the last analysis was given none

    [[nodiscard]] const model::Verdict* verdict(const model::ClientId& client) const;
    [[nodiscard]] const model::Decision* decision(const model::ClientId& client) const;  ///< the newest
    /// By decision where there is one (other than watch), else by verdict.
    [[nodiscard]] model::VerdictClass shown_class(const model::ClientId& client) const;
};

/// `measure`: contamination is measured where the case does not hold it for the clients that are flagged now.
[[nodiscard]] model::Result<ReportData> read_report_data(model::CaseStore& store, model::UpdateSource& source,
                                                         bool measure, model::Progress& progress);

}  // namespace fedsleuth::analysis
