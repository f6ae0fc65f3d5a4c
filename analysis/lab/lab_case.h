// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/lab/federation.h"
#include "model/case_store.h"
#include "model/update_source.h"

#include <map>
#include <memory>
#include <utility>

namespace fedsleuth::analysis::lab {

/// A simulated federation behind both doors, in memory: whatever analyses a case analyses it too. What the analysis
/// writes stays in this object; nothing of the truth comes through the doors.
class LabCase final : public model::CaseStore, public model::UpdateSource {
public:
    explicit LabCase(std::shared_ptr<const LabFederation> federation);

    [[nodiscard]] model::Result<model::Federation> federation() override;
    [[nodiscard]] model::Result<std::vector<model::Client>> clients() override;
    [[nodiscard]] model::Result<std::vector<model::Round>> rounds() override;
    [[nodiscard]] model::Result<std::vector<model::Update>> updates() override;
    [[nodiscard]] model::Result<std::vector<model::Checkpoint>> checkpoints() override;
    [[nodiscard]] model::Result<std::vector<model::EvidenceFile>> evidence_files() override;
    [[nodiscard]] model::Result<std::vector<model::ImportIssue>> import_issues() override;
    [[nodiscard]] model::Result<std::optional<model::RoundLedger>> ledger(model::RoundNo round) override;
    [[nodiscard]] model::Result<void> put_ledger(const model::RoundLedger& ledger) override;
    [[nodiscard]] model::Result<std::vector<model::DetectorScores>> scores(model::RoundNo round) override;
    [[nodiscard]] model::Result<void> put_analysis(const AnalysisOutcome& outcome) override;
    [[nodiscard]] model::Result<std::optional<model::Verdicts>> verdicts() override;
    [[nodiscard]] model::Result<std::optional<model::Rollback>> rollback() override;
    [[nodiscard]] model::Result<std::vector<model::Finding>> findings() override;
    [[nodiscard]] model::Result<std::vector<model::Decision>> decisions() override;
    [[nodiscard]] model::Result<void> add_decision(const model::Decision& decision) override;
    [[nodiscard]] model::Result<std::map<std::string, double>> policy() override;
    [[nodiscard]] model::Result<void> put_policy(const std::string& name, std::optional<double> value) override;
    [[nodiscard]] model::Result<std::optional<std::string>> document(const std::string& name) override;
    [[nodiscard]] model::Result<void> put_document(const std::string& name, const std::string& json) override;
    [[nodiscard]] model::Result<std::vector<model::CustodyEntry>> custody() override;
    [[nodiscard]] model::Result<void> append_custody(const std::string& action, const std::string& subject,
                                                     const std::string& parameters_json,
                                                     const std::string& sha256) override;

    [[nodiscard]] model::Result<std::int64_t> coordinates() override;
    [[nodiscard]] std::int64_t block_coordinates() const override { return model::memory_coordinates; }
    [[nodiscard]] model::Result<void> read(std::span<const model::VectorRef> rows, std::int64_t first,
                                           std::int64_t count, float* out) override;

private:
    [[nodiscard]] model::Result<void> read_row(const model::VectorRef& row, std::size_t first, std::size_t count,
                                               float* out) const;
    [[nodiscard]] const std::vector<float>* usable_model(model::RoundNo round) const;

    std::shared_ptr<const LabFederation> federation_;
    std::map<std::pair<model::RoundNo, model::ClientId>, std::size_t> update_at_;
    std::map<model::RoundNo, model::RoundLedger> ledgers_;
    std::optional<AnalysisOutcome> outcome_;
    std::vector<model::Decision> decisions_;
    std::map<std::string, double> policy_;
    std::map<std::string, std::string> documents_;
    std::vector<model::CustodyEntry> custody_;
};

}  // namespace fedsleuth::analysis::lab
