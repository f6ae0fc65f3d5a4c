// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/checkpoint.h"
#include "model/client.h"
#include "model/custody_entry.h"
#include "model/decision.h"
#include "model/detector_scores.h"
#include "model/evidence_file.h"
#include "model/federation.h"
#include "model/finding.h"
#include "model/identity.h"
#include "model/result.h"
#include "model/rollback_candidate.h"
#include "model/round.h"
#include "model/round_ledger.h"
#include "model/update.h"
#include "model/verdict.h"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace fedsleuth::model {

/// The nouns of one case, read and written: one of the two doors between storage and analysis. Not safe to share
/// between threads: a thread that needs the case opens its own.
class CaseStore {
public:
    virtual ~CaseStore() = default;

    [[nodiscard]] virtual Result<Federation> federation() = 0;
    [[nodiscard]] virtual Result<std::vector<Client>> clients() = 0;          ///< by id
    [[nodiscard]] virtual Result<std::vector<Round>> rounds() = 0;            ///< by number; rounds that only updates name are there too
    [[nodiscard]] virtual Result<std::vector<Update>> updates() = 0;          ///< by round, then client; the one that counts of each
    [[nodiscard]] virtual Result<std::vector<Checkpoint>> checkpoints() = 0;  ///< by round
    [[nodiscard]] virtual Result<std::vector<EvidenceFile>> evidence_files() = 0;
    [[nodiscard]] virtual Result<std::vector<ImportIssue>> import_issues() = 0;

    // What signatures are checked against. A case that knows no identities leaves these empty.
    [[nodiscard]] virtual Result<std::vector<CertificateFile>> certificate_files() { return std::vector<CertificateFile>(); }  ///< by path
    [[nodiscard]] virtual Result<std::vector<ByteSignature>> byte_signatures() { return std::vector<ByteSignature>(); }
    [[nodiscard]] virtual Result<std::vector<Submission>> submissions() { return std::vector<Submission>(); }  ///< in the log's order
    /// Of the last analysis: by round, the checkpoint's first, then clients.
    [[nodiscard]] virtual Result<std::vector<SignatureCheck>> signature_checks() { return std::vector<SignatureCheck>(); }

    /// Nothing where the round has none, or one of another RoundLedger::version.
    [[nodiscard]] virtual Result<std::optional<RoundLedger>> ledger(RoundNo round) = 0;
    [[nodiscard]] virtual Result<void> put_ledger(const RoundLedger& ledger) = 0;

    [[nodiscard]] virtual Result<std::vector<DetectorScores>> scores(RoundNo round) = 0;
    /// Scores, verdicts, rollback and the analysis' findings of one run, in one transaction: they replace the last run's.
    struct AnalysisOutcome {
        std::vector<DetectorScores> scores;
        Verdicts verdicts;
        Rollback rollback;
        std::vector<Finding> findings;  ///< of sources analysis, privacy and identity
        std::vector<SignatureCheck> signatures;
        std::string parameters_json;    ///< for the custody entry
    };
    [[nodiscard]] virtual Result<void> put_analysis(const AnalysisOutcome& outcome) = 0;
    [[nodiscard]] virtual Result<std::optional<Verdicts>> verdicts() = 0;  ///< nothing before the first analysis
    [[nodiscard]] virtual Result<std::optional<Rollback>> rollback() = 0;
    [[nodiscard]] virtual Result<std::vector<Finding>> findings() = 0;  ///< of every source; by severity (gravest first), then round

    [[nodiscard]] virtual Result<std::vector<Decision>> decisions() = 0;  ///< oldest first
    /// Records the decision and its custody entry. Error not_found for a client that the case does not know.
    [[nodiscard]] virtual Result<void> add_decision(const Decision& decision) = 0;

    /// The limits that this case sets itself, by name; what is not in it keeps the program's default.
    [[nodiscard]] virtual Result<std::map<std::string, double>> policy() = 0;
    /// Sets a limit (nothing: back to the default) and records the change in custody.
    [[nodiscard]] virtual Result<void> put_policy(const std::string& name, std::optional<double> value) = 0;

    /// A computed answer that is kept beside the verdicts, as one JSON object; nothing where it was not computed yet.
    [[nodiscard]] virtual Result<std::optional<std::string>> document(const std::string& name) = 0;
    /// Replaces the last one of that name.
    [[nodiscard]] virtual Result<void> put_document(const std::string& name, const std::string& json) = 0;

    [[nodiscard]] virtual Result<std::vector<CustodyEntry>> custody() = 0;
    /// Index, time, actor, previous and hash are the store's to fill.
    [[nodiscard]] virtual Result<void> append_custody(const std::string& action, const std::string& subject,
                                                      const std::string& parameters_json,
                                                      const std::string& sha256) = 0;
};

}  // namespace fedsleuth::model
