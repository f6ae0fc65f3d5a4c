// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/privacy/audit.h"

#include "analysis/privacy/audit_rules.h"
#include "analysis/privacy/audit_spent.h"
#include "model/json_writer.h"
#include "model/text.h"

#include <algorithm>
#include <cmath>

namespace fedsleuth::analysis {

using model::Finding;
using model::Severity;

std::optional<double> EpsilonTable::under(std::string_view accountant) const
{
    const auto place = std::find(audit_accountants.begin(), audit_accountants.end(), accountant);
    if (place == audit_accountants.end()) return std::nullopt;
    return values[static_cast<std::size_t>(place - audit_accountants.begin())];
}

namespace {

template <class Better>
std::optional<double> extreme(const EpsilonTable& table, const Better& better)
{
    std::optional<double> found;
    for (std::size_t idx = 0; idx < audit_accountants.size(); ++idx) {
        if (!table.values[idx] || (table.gdp_is_a_limit && audit_accountants[idx] == "gdp")) continue;
        if (!found || better(*table.values[idx], *found)) found = table.values[idx];
    }
    return found;
}

}  // namespace

std::optional<double> EpsilonTable::lowest() const
{
    return extreme(*this, [](double a, double b) { return a < b; });
}

std::optional<double> EpsilonTable::highest() const
{
    return extreme(*this, [](double a, double b) { return a > b; });
}

std::string_view name_of(ClaimReading reading)
{
    switch (reading) {
        case ClaimReading::none:
            return "none";
        case ClaimReading::cumulative:
            return "cumulative";
        case ClaimReading::per_round:
            return "per round";
        case ClaimReading::either:
            return "either";
        case ClaimReading::neither:
            return "neither";
    }
    return "none";
}

std::string_view name_of(EpsilonBand band)
{
    switch (band) {
        case EpsilonBand::unknown:
            return "unknown";
        case EpsilonBand::strong:
            return "strong";
        case EpsilonBand::moderate:
            return "moderate";
        case EpsilonBand::weak:
            return "weak";
    }
    return "unknown";
}

std::string_view name_of(RuleOutcome outcome)
{
    switch (outcome) {
        case RuleOutcome::pass:
            return "pass";
        case RuleOutcome::fail:
            return "fail";
        case RuleOutcome::unknown:
            return "unknown";
    }
    return "unknown";
}

namespace {

model::Result<void> check_options(const AuditOptions& options)
{
    const auto refuse = [](std::string text) {
        return model::fail(model::ErrorCode::invalid_argument, std::move(text));
    };
    const bool known =
        std::find(audit_accountants.begin(), audit_accountants.end(), options.accountant) != audit_accountants.end();
    if (!options.accountant.empty() && !known)
        return refuse("There is no accountant '" + options.accountant +
                      "' in the audit; it has rdp, pld, zcdp, gdp, basic, "
                      "advanced");
    if (options.delta && !(*options.delta > 0 && *options.delta < 1)) return refuse("δ lies between 0 and 1");
    if (options.sampling_rate && !(*options.sampling_rate > 0 && *options.sampling_rate <= 1))
        return refuse("A sampling rate lies above 0 and is at most 1");
    if (options.unit && *options.unit != "client" && *options.unit != "example")
        return refuse("The unit of privacy is 'client' or 'example'");
    return {};
}

std::vector<std::string> assumptions_of(const AuditCase& work, const PrivacyAudit& audit)
{
    std::vector<std::string> said;
    const std::string mechanism = work.mechanism.empty()         ? "Gaussian noise (the log names no mechanism)"
                                  : work.mechanism == "laplace"  ? "Laplace noise"
                                  : work.mechanism == "gaussian" ? "Gaussian noise"
                                                                 : model::visible(work.mechanism) + " noise";
    const std::string where = work.place.at_client   ? "at the clients"
                              : work.place.at_server ? "at the server"
                                                     : "somewhere";
    said.push_back(mechanism + " is added " + where +
                   (work.place.inferred ? " (as the vectors show; the log does not say)." : ", as declared."));
    if (work.options.unit && *work.options.unit != work.unit)
        said.push_back(
            *work.options.unit == "client"
                ? "Asked for clients where examples are protected: each client counts as a group of all its examples, "
                  "without amplification by sampling."
                : "Asked for examples where clients are protected: what protects a client protects each of its "
                  "examples.");
    else
        said.push_back("Protected is one " + work.unit +
                       (work.unit_declared ? ", as declared." : " (the log does not say)."));
    said.emplace_back(work.options.sampling_rate
                          ? "The sampling rate is the one that was asked for, " + number(*work.options.sampling_rate) +
                                "."
                          : "Sampling is Poisson at the declared rate; who took part stays secret where it "
                            "is below 1. A client spends in the rounds in which it took part.");
    said.push_back(audit.delta ? "δ = " + number(*audit.delta) + (work.options.delta ? ", as asked for." : ".")
                               : "δ is not known, so no ε can be computed.");
    said.emplace_back("Neighbours differ by adding or removing one; releases compose without memory of each other.");
    return said;
}

/// What failed, as an object: the findings that a rule raised.
void attach_evidence(AuditVerdicts& verdicts)
{
    constexpr int most = 50;
    for (RuleResult& rule : verdicts.rules) {
        if (rule.outcome != RuleOutcome::fail) continue;
        model::JsonWriter json;
        json.begin_object().key("findings").begin_array();
        int written = 0;
        for (std::size_t idx = 0; idx < verdicts.findings.size(); ++idx) {
            const Finding& finding = verdicts.findings[idx];
            if (verdicts.raised_by[idx] != rule.number || written == most) continue;
            ++written;
            json.begin_object().field("kind", finding.kind).key("client");
            finding.client ? json.value(finding.client->text()) : json.null();
            json.key("round");
            finding.round ? json.value(finding.round->value()) : json.null();
            json.key("evidence").raw(finding.evidence_json).end_object();
        }
        rule.evidence_json = json.end_array().end_object().text();
    }
}

void sort_findings(PrivacyAudit& audit)
{
    std::stable_sort(audit.findings.begin(), audit.findings.end(),
                     [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
    for (ClientAudit& client : audit.clients)
        for (const Finding& finding : audit.findings)
            if (finding.client == client.client &&
                std::find(client.findings.begin(), client.findings.end(), finding.kind) == client.findings.end())
                client.findings.push_back(finding.kind);
}

/// Without a mechanism and without claims: the clients, and how often each took part.
model::Result<PrivacyAudit> nothing_to_audit(model::CaseStore& store)
{
    PrivacyAudit audit;
    FEDSLEUTH_TRY(audit.policy, audit_policy(store));
    FEDSLEUTH_TRY(const std::vector<model::Client> clients, store.clients());
    FEDSLEUTH_TRY(const std::vector<model::Update> updates, store.updates());
    std::map<model::ClientId, std::int64_t> rounds;
    for (const model::Client& client : clients) rounds[client.id] = 0;
    for (const model::Update& update : updates)
        if (!update.reference) ++rounds[update.client];
    for (const auto& [id, count] : rounds) {
        ClientAudit& client = audit.clients.emplace_back();
        client.client = id;
        client.rounds = count;
    }
    return audit;
}

}  // namespace

model::Result<PrivacyAudit> audit_privacy(model::CaseStore& store, const NoiseEvidence& evidence,
                                          const AuditOptions& options, model::Progress& progress)
{
    FEDSLEUTH_CHECK(check_options(options));
    PrivacyAudit audit;
    FEDSLEUTH_TRY(const std::optional<AuditCase> gathered, gather_audit(store, evidence, options));
    if (!gathered) return nothing_to_audit(store);
    const AuditCase& work = *gathered;
    const auto stopped = [&] { return model::fail(model::ErrorCode::cancelled, "The privacy audit was stopped"); };
    audit.declared = true;
    audit.mechanism = work.mechanism;
    audit.unit = work.options.unit.value_or(work.unit);
    audit.where = work.place.at_client ? "client" : work.place.at_server ? "server" : "";
    audit.delta = work.delta;
    audit.policy = work.policy;
    audit.budget = work.declared(&model::PrivacyMechanism::epsilon_budget);
    if (!audit.budget) audit.budget = work.policy.max_epsilon;
    SpentCache cache;
    audit.accountant = accountant_of(work, cache);
    audit.assumptions = assumptions_of(work, audit);

    progress.start("Auditing privacy", 4, "steps");
    AuditVerdicts verdicts;
    check_declaration(work, verdicts);
    check_sampling(work, verdicts);
    progress.advance(1);
    if (progress.stopped()) return stopped();
    const std::vector<std::optional<double>> shown = check_client_noise(work, verdicts);
    audit.noisy_steps = check_server_noise(work, verdicts);
    progress.advance(1);
    if (progress.stopped()) return stopped();
    const std::vector<ClaimComparison> readings = check_claims(work, cache, verdicts);
    progress.advance(1);
    if (progress.stopped()) return stopped();
    audit.clients = spent_by_client(work, audit, shown, readings, cache);
    check_budget(work, audit, verdicts);
    progress.advance(1);

    attach_evidence(verdicts);
    audit.rules = std::move(verdicts.rules);
    audit.findings = std::move(verdicts.findings);
    sort_findings(audit);
    return audit;
}

}  // namespace fedsleuth::analysis
