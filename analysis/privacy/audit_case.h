// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/privacy/accountant.h"
#include "analysis/privacy/audit.h"
#include "analysis/privacy/noise_tests.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace fedsleuth::analysis {

// What the audit's rules work on: the log put together by client, with the mechanism that each release really used.

/// One release of one client.
struct Release {
    const model::Update* update = nullptr;
    const UpdateNoise* measured = nullptr;     ///< nothing: the update was not measured
    std::optional<model::PrivacyClaim> claim;  ///< as it came
    std::optional<double> noise;               ///< z that counts (see AuditCase), > 0 unless declared so
    std::optional<double> rate;                ///< q that counts
    std::optional<double> clip;                ///< C that counts
    double steps = 1;                          ///< of this release
    std::optional<PrivacyEvent> event;         ///< nothing where z is unknown, or makes no sense
};

struct AuditClient {
    model::ClientId id;
    std::optional<std::int64_t> num_examples;
    std::vector<Release> releases;  ///< by round

    [[nodiscard]] PrivacyHistory history() const;  ///< of the releases with an event, by round
    [[nodiscard]] bool all_known() const;          ///< every release has an event
};

/// Where noise is, as far as the log and the vectors say.
struct NoisePlace {
    bool at_client = false;        ///< each update carries its own
    bool at_server = false;        ///< the aggregate carries it
    bool inferred = false;         ///< from the vectors: the log is silent
    bool seen_in_updates = false;  ///< most measured updates are as long as clipped ones with their own noise
};

/// A parameter of a claim counts where it promises no more than the declaration, or where at least half of the round's
/// clients claim the same (a schedule), or where the unit is the example (each client runs its own mechanism); else the
/// declaration counts.
struct AuditCase {
    model::Federation federation;
    std::vector<model::Round> rounds;
    std::vector<model::Update> updates;
    const NoiseEvidence* evidence = nullptr;
    AuditPolicy policy;
    AuditOptions options;

    std::vector<AuditClient> clients;  ///< by id
    std::string mechanism;             ///< "gaussian", "laplace" or what the log says; "" : not said
    std::string unit;                  ///< "client" or "example"
    bool unit_declared = false;
    NoisePlace place;
    std::optional<double> delta;   ///< of the options, the declaration, or most claims
    bool claims_expected = false;  ///< the mechanism runs at the clients, or most of them claim
    std::map<model::RoundNo, model::PrivacyClaim> round_claims;  ///< what at least half of each round's claims share

    [[nodiscard]] NoiseKind noise_kind() const;
    [[nodiscard]] bool knows_mechanism()
        const;  ///< the law of its noise is known: Gaussian (also where the log is silent) or Laplace
    /// Length of what was sent over the length of the stored delta.
    [[nodiscard]] double sent_scale() const;
    [[nodiscard]] std::optional<double> delta_of(const Release& release) const;  ///< the claim's own, else the case's
    [[nodiscard]] std::optional<double> declared(std::optional<double> model::PrivacyMechanism::*field) const;
};

/// Nothing where neither a mechanism is declared nor a claim made.
[[nodiscard]] model::Result<std::optional<AuditCase>> gather_audit(model::CaseStore& store,
                                                                   const NoiseEvidence& evidence,
                                                                   const AuditOptions& options);

/// What the rules add to: outcomes by number, and findings.
struct AuditVerdicts {
    AuditVerdicts();

    std::vector<RuleResult> rules;  ///< twenty
    std::vector<model::Finding> findings;
    std::vector<int> raised_by;  ///< per finding: the rule that failed last before it

    RuleResult& rule(int number) { return rules[static_cast<std::size_t>(number - 1)]; }
    void pass(int number, std::string sentence);
    void unknown(int number, std::string sentence);
    void fail(int number, std::string sentence, std::vector<model::ClientId> clients = {});
    model::Finding& find(std::string kind, model::Severity severity, std::string text);

private:
    int last_failed_ = 0;
};

// Words and comparisons that the rules share.

[[nodiscard]] std::string named(const model::ClientId& client);
[[nodiscard]] std::string named(const std::vector<model::ClientId>& clients);  ///< "a, b and 3 more"
[[nodiscard]] std::string number(double value, int digits = 3);                ///< "infinite" where it is
[[nodiscard]] bool same(double a, double b);                                   ///< to 1e-6 relative
/// A scalar of an object of unknown keys, inside "privacy" or beside it; nothing where there is none.
[[nodiscard]] std::optional<std::string> extra_value(const std::string& extra_json, std::string_view key);

}  // namespace fedsleuth::analysis
