// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/privacy/audit_policy.h"
#include "analysis/privacy/noise_evidence.h"
#include "model/case_store.h"
#include "model/finding.h"
#include "model/progress.h"
#include "model/result.h"
#include "model/update_source.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fedsleuth::analysis {

// The privacy audit of a case: what each client really spent, what it claimed, and what the numbers say about both.
// One immutable value that the command line, the report and the pages read.

/// The accountants of the answer, in its order.
inline constexpr std::array<std::string_view, 6> audit_accountants{"rdp", "pld", "zcdp", "gdp", "basic", "advanced"};

/// ε under each of audit_accountants; nothing where it can't be computed (parameters missing, not that mechanism),
/// infinite where there is no guarantee at all.
struct EpsilonTable {
    std::array<std::optional<double>, audit_accountants.size()> values;

    [[nodiscard]] std::optional<double> under(std::string_view accountant) const;  ///< nothing for another name
    /// The smallest and the largest of the sound ones: gdp is left out where sampling makes it a limit that
    /// under-reports.
    [[nodiscard]] std::optional<double> lowest() const;
    [[nodiscard]] std::optional<double> highest() const;
    bool gdp_is_a_limit = false;  ///< the central limit was used: the value under-reports
};

enum class ClaimReading {
    none,        ///< no claim, or nothing to compare it with
    cumulative,  ///< the numbers are those of all rounds so far
    per_round,   ///< the numbers are those of single rounds
    either,      ///< one round only: both readings say the same
    neither,     ///< they fit no reading
};
[[nodiscard]] std::string_view name_of(ClaimReading reading);  ///< "cumulative", "per round", …

/// One stretch of a client's rounds with the same mechanism.
struct MechanismSegment {
    model::RoundNo first, last;
    double noise_multiplier = 0;  ///< z: standard deviation (Laplace: scale b) over the sensitivity; 0: no noise
    double sampling_rate = 1;
    double steps = 0;  ///< all steps of the stretch
};

/// One point of a client's burn-down.
struct SpentPoint {
    model::RoundNo round;
    std::optional<double> claimed;  ///< cumulated claim
    std::optional<double> spent;    ///< recomputed, under PrivacyAudit::accountant
};

enum class EpsilonBand { unknown, strong, moderate, weak };
[[nodiscard]] std::string_view name_of(EpsilonBand band);

struct ClientAudit {
    model::ClientId client;
    std::int64_t rounds = 0;             ///< that it took part in
    std::int64_t rounds_with_claim = 0;  ///< with an ε

    std::optional<double> epsilon_claimed;       ///< after its last round; per-round claims are added up
    ClaimReading declared = ClaimReading::none;  ///< how its claims say that they are to be read
    ClaimReading fits = ClaimReading::none;      ///< which reading the recomputed values support
    EpsilonTable epsilon;                        ///< recomputed from the mechanism, over its own rounds
    std::optional<double>
        epsilon_measured;  ///< with the noise that its updates show, where that is less than it said; infinite: none
    EpsilonBand band = EpsilonBand::unknown;     ///< of what it spent, in the policy's bands
    std::vector<SpentPoint> series;              ///< by round
    std::optional<double> budget_share;          ///< spent / budget
    std::optional<model::RoundNo> exhausted_in;  ///< first round after which the spent ε exceeds the budget
    std::optional<model::RoundNo> forecast;      ///< round in which it will, at the pace of its last rounds
    std::vector<MechanismSegment> history;
    std::vector<std::string> findings;  ///< kinds of its findings, gravest first
};

enum class RuleOutcome { pass, fail, unknown };
[[nodiscard]] std::string_view name_of(RuleOutcome outcome);

/// What one of the twenty rules (P1 … P20) says about this case.
struct RuleResult {
    int number = 0;         ///< 1 … 20
    std::string_view name;  ///< "Cumulative or per round"
    RuleOutcome outcome = RuleOutcome::unknown;
    std::string sentence;                  ///< that an auditor can quote; says why where the outcome is unknown
    std::string evidence_json;             ///< an object
    std::vector<model::ClientId> clients;  ///< whom a failure concerns; empty: the federation
};

struct AuditOptions {
    std::string accountant;       ///< of audit_accountants, for series, budget and forecast; empty: pld (tight), or rdp
                                  ///< where pld has no answer or takes too long
    std::optional<double> delta;  ///< instead of the declared one
    std::optional<double> sampling_rate;  ///< instead of the declared and claimed ones
    std::optional<std::string> unit;      ///< "client" or "example"
};

struct PrivacyAudit {
    bool declared = false;               ///< the federation declares a mechanism, or some client claims something
    std::string mechanism, unit, where;  ///< as declared or, where the log is silent, as found ("" : not known)
    std::optional<double> delta;
    std::optional<double> budget;  ///< ε: declared, else the policy's maximum
    std::string accountant;        ///< of series, budget and forecast
    AuditPolicy policy;
    std::vector<std::string> assumptions;  ///< in plain words
    std::vector<ClientAudit> clients;      ///< by id
    std::vector<RuleResult> rules;         ///< twenty, by number; empty where nothing is declared
    std::vector<model::Finding> findings;  ///< of source privacy, gravest first
    std::vector<model::RoundNo>
        noisy_steps;  ///< rounds in which the server's step differs from the mean by its declared noise
};

/// The audit of a case. `evidence` are the noise measurements of measure_noise (nothing: those rules are unknown).
/// Reads the log and the policy, not the updates: it answers at once when options change. Errors: invalid_argument for
/// an accountant or δ that makes no sense; those of the store; cancelled.
[[nodiscard]] model::Result<PrivacyAudit> audit_privacy(model::CaseStore& store, const NoiseEvidence& evidence,
                                                        const AuditOptions& options, model::Progress& progress);

}  // namespace fedsleuth::analysis
