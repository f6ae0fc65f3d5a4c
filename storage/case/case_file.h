// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/case_store.h"
#include "model/progress.h"
#include "model/update_source.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace fedsleuth::storage {

/// A case on disk: one SQLite database that is both doors, CaseStore and UpdateSource. A thread that needs the case
/// opens its own CaseFile; several may be open on one file.
class CaseFile final : public model::CaseStore, public model::UpdateSource {
public:
    enum class Mode { read_only, read_write };

    /// Makes a new, empty case. Error conflict where the file exists.
    [[nodiscard]] static model::Result<std::unique_ptr<CaseFile>> create(const std::filesystem::path& file);
    /// Opens a case. Errors: not_found; refused where the file is no case, is of a newer schema, or is damaged. An
    /// older schema is migrated in one transaction after a backup beside the file.
    [[nodiscard]] static model::Result<std::unique_ptr<CaseFile>> open(const std::filesystem::path& file,
                                                                       Mode mode = Mode::read_write);
    ~CaseFile() override;

    /// Ends a query that is running in another thread; it then answers with the error `cancelled`.
    void interrupt();

    /// Where the evidence lay when it was ingested (needed again by linked cases and by verify).
    [[nodiscard]] model::Result<std::string> evidence_folder();

    /// Recomputes what can be recomputed from the case itself: SQLite's own integrity check, and the SHA-256 of every
    /// payload from its slabs (of a linked one, from its file). Sentences that say what does not hold; empty where all
    /// does. Progress counts bytes. Error cancelled.
    [[nodiscard]] model::Result<std::vector<std::string>> check_contents(model::Progress& progress);

    model::Result<model::Federation> federation() override;
    model::Result<std::vector<model::Client>> clients() override;
    model::Result<std::vector<model::Round>> rounds() override;
    model::Result<std::vector<model::Update>> updates() override;
    model::Result<std::vector<model::Checkpoint>> checkpoints() override;
    model::Result<std::vector<model::EvidenceFile>> evidence_files() override;
    model::Result<std::vector<model::ImportIssue>> import_issues() override;
    model::Result<std::vector<model::CertificateFile>> certificate_files() override;
    model::Result<std::vector<model::ByteSignature>> byte_signatures() override;
    model::Result<std::vector<model::Submission>> submissions() override;
    model::Result<std::vector<model::SignatureCheck>> signature_checks() override;
    model::Result<std::optional<model::RoundLedger>> ledger(model::RoundNo round) override;
    model::Result<void> put_ledger(const model::RoundLedger& ledger) override;
    model::Result<std::vector<model::DetectorScores>> scores(model::RoundNo round) override;
    model::Result<void> put_analysis(const AnalysisOutcome& outcome) override;
    model::Result<std::optional<model::Verdicts>> verdicts() override;
    model::Result<std::optional<model::Rollback>> rollback() override;
    model::Result<std::vector<model::Finding>> findings() override;
    model::Result<std::vector<model::Decision>> decisions() override;
    model::Result<void> add_decision(const model::Decision& decision) override;
    model::Result<std::map<std::string, double>> policy() override;
    model::Result<void> put_policy(const std::string& name, std::optional<double> value) override;
    model::Result<std::optional<std::string>> document(const std::string& name) override;
    model::Result<void> put_document(const std::string& name, const std::string& json) override;
    model::Result<std::vector<model::CustodyEntry>> custody() override;
    model::Result<void> append_custody(const std::string& action, const std::string& subject,
                                       const std::string& parameters_json, const std::string& sha256) override;

    model::Result<std::int64_t> coordinates() override;
    model::Result<void> read(std::span<const model::VectorRef> rows, std::int64_t first, std::int64_t count,
                             float* out) override;

    struct Inside;
    [[nodiscard]] Inside& inside() { return *inside_; }  ///< for storage/ingest

private:
    explicit CaseFile(std::unique_ptr<Inside> inside);
    std::unique_ptr<Inside> inside_;
};

}  // namespace fedsleuth::storage
