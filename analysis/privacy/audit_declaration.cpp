// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/privacy/audit_rules.h"
#include "model/json_writer.h"
#include "model/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

namespace fedsleuth::analysis {

using model::ClientId;
using model::PrivacyClaim;
using model::PrivacyMechanism;
using model::RoundNo;
using model::Severity;

namespace {

void add_inconsistent(AuditVerdicts& verdicts, int rule, std::string text, const std::optional<ClientId>& client = {},
                      std::optional<RoundNo> round = {}, std::string evidence = "{}")
{
    verdicts.fail(rule, text, client ? std::vector{*client} : std::vector<ClientId>());
    model::Finding& finding = verdicts.find("privacy-inconsistent-claim", Severity::medium, std::move(text));
    finding.client = client;
    finding.round = round;
    finding.evidence_json = std::move(evidence);
}

// P4

void add_large_delta(AuditVerdicts& verdicts, double delta, double n, const std::string& who, const char* unit,
                     const std::optional<ClientId>& client)
{
    std::string text = who + " δ = " + number(delta) + ", which is not below 1/n for the " + number(n, 6) + " " + unit +
                       ": a mechanism that publishes one of them whole would satisfy it.";
    verdicts.fail(4, text, client ? std::vector{*client} : std::vector<ClientId>());
    model::Finding& finding = verdicts.find("privacy-delta-too-large", Severity::medium, std::move(text));
    finding.client = client;
    finding.evidence_json = model::JsonWriter().begin_object().field("delta", delta).field("n", n).end_object().text();
}

void check_delta(const AuditCase& work, AuditVerdicts& verdicts)
{
    const bool examples = work.unit == "example";
    const char* unit = examples ? "examples" : "clients";
    double all = static_cast<double>(work.clients.size());
    if (examples) {
        all = 0;
        for (const AuditClient& client : work.clients) all += static_cast<double>(client.num_examples.value_or(0));
    }
    const double limit = work.policy.delta_times_n;
    const std::optional<double> declared = work.declared(&PrivacyMechanism::delta);
    bool any = false;
    if (declared && all > 0) {
        any = true;
        if (*declared * all >= limit)
            add_large_delta(verdicts, *declared, all, "The federation declares", unit, std::nullopt);
    }
    for (const AuditClient& client : work.clients) {
        const double n = examples ? static_cast<double>(client.num_examples.value_or(0)) : all;
        std::optional<double> largest;
        for (const Release& release : client.releases)
            if (release.claim && release.claim->delta) largest = std::max(largest.value_or(0), *release.claim->delta);
        if (!largest || !(n > 0)) continue;
        any = true;
        const bool is_declared = declared && same(*largest, *declared);
        if (*largest * n >= limit && (!is_declared || *declared * all < limit))
            add_large_delta(verdicts, *largest, n, named(client.id) + " claims its ε at", unit, client.id);
    }
    if (any)
        verdicts.pass(4, std::string("Every δ is below ") + number(limit) + "/n (n: " + unit + ").");
    else
        verdicts.unknown(4, "The log says neither δ nor how many " + std::string(unit) + " it protects.");
}

// P5

struct Parameter {
    const char* name;
    std::optional<double> PrivacyMechanism::*declared;
    std::optional<double> PrivacyClaim::*claimed;
    bool (*sensible)(double);
};

bool is_positive(double value) { return value > 0 && std::isfinite(value); }
bool is_rate(double value) { return value > 0 && value <= 1; }
bool is_delta(double value) { return value >= 0 && value < 1; }

constexpr std::array<Parameter, 4> parameters{{
    {"clipping norm", &PrivacyMechanism::clipping_norm, &PrivacyClaim::clipping_norm, is_positive},
    {"noise multiplier", &PrivacyMechanism::noise_multiplier, &PrivacyClaim::noise_multiplier, is_positive},
    {"sampling rate", &PrivacyMechanism::sampling_rate, &PrivacyClaim::sampling_rate, is_rate},
    {"δ", &PrivacyMechanism::delta, &PrivacyClaim::delta, is_delta},
}};

bool anybody_claims(const AuditCase& work, std::optional<double> PrivacyClaim::*field)
{
    return std::any_of(work.updates.begin(), work.updates.end(), [&](const model::Update& update) {
        return !update.reference && update.privacy && (*update.privacy).*field;
    });
}

/// The declaration itself: complete, and possible.
void check_mechanism(const AuditCase& work, AuditVerdicts& verdicts)
{
    if (!work.federation.privacy) return;
    for (const Parameter& parameter : parameters) {
        const std::optional<double> value = (*work.federation.privacy).*parameter.declared;
        if (value && !parameter.sensible(*value))
            add_inconsistent(verdicts, 5,
                             std::string("The federation declares a ") + parameter.name + " of " + number(*value) +
                                 ": that bounds no loss of privacy.");
        const bool is_needed = parameter.sensible == is_positive;
        if (!value && is_needed && !anybody_claims(work, parameter.claimed))
            add_inconsistent(verdicts, 5,
                             std::string("The federation declares a mechanism without a ") + parameter.name +
                                 ", and no claim names one: without it there is no ε.");
    }
}

/// One client's parameters against the declaration and against what the round's others claim.
void check_parameters(const AuditCase& work, const AuditClient& client, AuditVerdicts& verdicts)
{
    std::set<const Parameter*> told;
    for (const Release& release : client.releases) {
        if (!release.claim) continue;
        const auto shared = work.round_claims.find(release.update->round);
        for (const Parameter& parameter : parameters) {
            const std::optional<double> value = (*release.claim).*parameter.claimed;
            if (!value || told.contains(&parameter)) continue;
            if (!parameter.sensible(*value)) {
                told.insert(&parameter);
                add_inconsistent(verdicts, 5,
                                 named(client.id) + " claims an ε with a " + parameter.name + " of " + number(*value) +
                                     ": that bounds no loss of privacy.",
                                 client.id, release.update->round);
                continue;
            }
            if (work.unit == "example" && !work.place.at_server) continue;  // each client runs its own mechanism
            const std::optional<double> declared = work.declared(parameter.declared);
            std::optional<double> usual;
            if (shared != work.round_claims.end()) usual = shared->second.*parameter.claimed;
            if (!declared && !usual) continue;
            if ((declared && same(*declared, *value)) || (usual && same(*usual, *value))) continue;
            // Noise above, or amplification below, what is declared harms nobody.
            const double reference = declared.value_or(usual.value_or(0));
            const bool harmless = (parameter.claimed == &PrivacyClaim::noise_multiplier && *value < reference) ||
                                  (parameter.claimed == &PrivacyClaim::sampling_rate && *value > reference) ||
                                  (parameter.claimed == &PrivacyClaim::delta && *value < reference);
            if (harmless) continue;
            told.insert(&parameter);
            add_inconsistent(verdicts, 5,
                             named(client.id) + " claims a " + parameter.name + " of " + number(*value) + "; " +
                                 (declared ? "declared is " : "the others of the round claim ") + number(reference) +
                                 ".",
                             client.id, release.update->round,
                             model::JsonWriter()
                                 .begin_object()
                                 .field("parameter", parameter.name)
                                 .field("claimed", *value)
                                 .field("expected", reference)
                                 .end_object()
                                 .text());
        }
    }
}

/// All clients claim the same, in every round, and it promises more than what is declared: a contradiction, no
/// schedule.
void check_everybody(const AuditCase& work, AuditVerdicts& verdicts)
{
    if (work.unit == "example" && !work.place.at_server) return;
    for (const Parameter& parameter : parameters) {
        const std::optional<double> declared = work.declared(parameter.declared);
        if (!declared || work.round_claims.empty()) continue;
        const std::optional<double> first = work.round_claims.begin()->second.*parameter.claimed;
        const bool constant =
            first && std::all_of(work.round_claims.begin(), work.round_claims.end(), [&](const auto& round) {
                const std::optional<double> value = round.second.*parameter.claimed;
                return value && same(*value, *first);
            });
        const bool promises_more =
            constant && !same(*first, *declared) &&
            (parameter.claimed == &PrivacyClaim::sampling_rate ? *first < *declared : *first > *declared);
        if (promises_more)
            add_inconsistent(verdicts, 5,
                             std::string("The clients' claims rest on a ") + parameter.name + " of " + number(*first) +
                                 "; the federation declares " + number(*declared) + ".");
    }
}

void check_missing_claims(const AuditCase& work, const AuditClient& client, AuditVerdicts& verdicts)
{
    if (!work.claims_expected || client.releases.empty()) return;
    std::vector<std::string> without;
    std::optional<RoundNo> first;
    for (const Release& release : client.releases)
        if (!release.claim || !release.claim->epsilon || std::isnan(*release.claim->epsilon)) {
            if (!first) first = release.update->round;
            without.push_back(std::to_string(release.update->round.value()));
        }
    const double rounds = static_cast<double>(client.releases.size());
    const double share = 1 - static_cast<double>(without.size()) / rounds;
    if (without.empty() || share >= work.policy.min_claims) return;
    const bool never = without.size() == client.releases.size();
    std::string text = named(client.id);
    if (never) {
        text += " took part in " + std::to_string(client.releases.size()) +
                " rounds of a federation with differential privacy and never said what it spent.";
    } else {
        text += " did not say what it spent in " + std::to_string(without.size()) + " of its " +
                std::to_string(client.releases.size()) + " rounds (round " + without.front() +
                (without.size() > 1 ? " first, round " + without.back() + " last" : "") + ").";
    }
    verdicts.fail(5, text, {client.id});
    model::Finding& finding =
        verdicts.find("privacy-no-claim", never ? Severity::medium : Severity::low, std::move(text));
    finding.client = client.id;
    if (!never) finding.round = first;
    finding.evidence_json = model::JsonWriter()
                                .begin_object()
                                .field("rounds", static_cast<std::int64_t>(client.releases.size()))
                                .field("without_claim", static_cast<std::int64_t>(without.size()))
                                .end_object()
                                .text();
}

// P9

void check_unit(const AuditCase& work, AuditVerdicts& verdicts)
{
    if (!work.unit_declared) {
        verdicts.unknown(
            9, "The log does not say whether clients or examples are protected; taken as: " + work.unit + "s.");
        return;
    }
    if (work.unit != "client" && work.unit != "example") {
        verdicts.unknown(9, "The log names a unit of privacy that is not known: '" + model::visible(work.unit) + "'.");
        return;
    }
    // A client's update is one release a round: many sampled steps in it are DP-SGD's, over its examples.
    std::size_t releases = 0, sampled_steps = 0;
    for (const AuditClient& client : work.clients)
        for (const Release& release : client.releases) {
            ++releases;
            sampled_steps += release.steps > 1 && release.rate.value_or(1) < 1;
        }
    if (work.unit == "client" && !work.place.at_server && releases > 0 && 2 * sampled_steps >= releases) {
        add_inconsistent(
            verdicts, 9,
            "The federation declares privacy of clients; its releases count many sampled steps a round, which is "
            "the accounting of examples: the ε protects one example of a client, not the client.");
        return;
    }
    verdicts.pass(9, work.unit == "client"
                         ? "The accounting is one of clients, as declared."
                         : "What is protected is one example; a client with k of them is protected by a "
                           "guarantee k times weaker.");
}

// P12, P13, P15, P18, P20: what a log rarely says

std::optional<std::string> any_extra(const AuditCase& work, std::initializer_list<std::string_view> keys)
{
    for (const std::string_view key : keys) {
        if (auto value = extra_value(work.federation.extra_json, key)) return value;
        for (const model::Update& update : work.updates)
            if (auto value = extra_value(update.extra_json, key)) return value;
    }
    return std::nullopt;
}

void check_adaptive_clipping(const AuditCase& work, AuditVerdicts& verdicts)
{
    std::set<double> norms;
    for (const auto& [round, claim] : work.round_claims)
        if (claim.clipping_norm) norms.insert(*claim.clipping_norm);
    const auto declared =
        any_extra(work, {"adaptive_clipping", "target_clipped_quantile", "target_unclipped_quantile", "clip_norm_lr"});
    const auto count_noise = any_extra(work, {"clipped_count_stddev", "sigma_b", "count_stddev"});
    const bool adaptive = declared && *declared != "false";
    if (adaptive && !count_noise)
        add_inconsistent(
            verdicts, 12,
            "Clipping is adaptive, and the log names no noise for the clipped counts that steer it: that release "
            "is not accounted for.");
    else if (adaptive)
        verdicts.pass(12, "Clipping is adaptive; the noise of the clipped counts is declared (" +
                              model::visible(*count_noise) + ").");
    else if (norms.size() > 1)
        verdicts.unknown(12, "The clipping norm changes between rounds (" + number(*norms.begin()) + " to " +
                                 number(*norms.rbegin()) + "); the log does not say what steers it.");
    else
        verdicts.pass(12, "The clipping norm is fixed.");
}

void check_rarely_said(const AuditCase& work, AuditVerdicts& verdicts)
{
    const auto trials = any_extra(work, {"hyperparameter_trials", "tuning_runs", "trials"});
    const auto accounted = any_extra(work, {"tuning_accounted", "hyperparameters_accounted"});
    if (trials && std::atof(trials->c_str()) > 1 && (!accounted || *accounted != "true"))
        add_inconsistent(verdicts, 13,
                         "The log names " + model::visible(*trials) +
                             " training runs for the choice of hyper-parameters; the ε is that of one.");
    else
        verdicts.unknown(13, "The log does not say whether hyper-parameters were chosen on the same data.");

    std::set<std::string> relations;
    for (const char* key : {"adjacency", "neighbouring", "neighboring", "neighbouring_relation"}) {
        if (auto value = extra_value(work.federation.extra_json, key)) relations.insert(*value);
        for (const model::Update& update : work.updates)
            if (auto value = extra_value(update.extra_json, key)) relations.insert(*value);
    }
    if (relations.size() > 1)
        add_inconsistent(verdicts, 18,
                         "The log names more than one relation of neighbouring data sets ('" +
                             model::visible(*relations.begin()) + "' and '" + model::visible(*relations.rbegin()) +
                             "'): their ε can't be composed.");
    else
        verdicts.unknown(18, relations.empty()
                                 ? "The log names no neighbouring relation; add-or-remove-one is assumed."
                                 : "Everything that is named uses '" + model::visible(*relations.begin()) +
                                       "'; add-or-remove-one is computed here.");

    std::set<std::string> metrics;
    bool examples = false;
    for (const model::Update& update : work.updates) {
        examples = examples || update.num_examples;
        for (const auto& [name, value] : update.metrics)
            if (metrics.size() < 10) metrics.insert(name);
    }
    std::string clear = examples ? "the number of examples" : "";
    for (const std::string& name : metrics) clear += (clear.empty() ? "" : ", ") + model::visible(name);
    if (clear.empty())
        verdicts.pass(15, "No counts or metrics came with the updates.");
    else
        verdicts.unknown(15, "Beside the updates the log holds, for each client, " + clear +
                                 "; it does not say that the ε covers them.");
    verdicts.unknown(
        20, "Whether the noise was drawn with a sampler that is safe in floating point can't be seen in the log.");
}

}  // namespace

void check_declaration(const AuditCase& work, AuditVerdicts& verdicts)
{
    check_delta(work, verdicts);
    check_mechanism(work, verdicts);
    check_everybody(work, verdicts);
    for (const AuditClient& client : work.clients) {
        check_parameters(work, client, verdicts);
        check_missing_claims(work, client, verdicts);
    }
    verdicts.pass(5, "The mechanism's parameters are complete and possible, and those who have to claim do.");
    check_unit(work, verdicts);
    check_adaptive_clipping(work, verdicts);
    check_rarely_said(work, verdicts);
}

}  // namespace fedsleuth::analysis
