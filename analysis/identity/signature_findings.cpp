// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/identity/signature_findings.h"

#include "analysis/identity/moment.h"
#include "model/json_writer.h"
#include "model/text.h"

#include <algorithm>
#include <set>

namespace fedsleuth::analysis {

using model::ClientId;
using model::Finding;
using model::RoundNo;
using model::Severity;
using model::SignatureOutcome;

namespace {

Finding finding_of(std::string kind, Severity severity, std::optional<ClientId> client, std::optional<RoundNo> round,
                   std::string text, std::string evidence)
{
    Finding finding;
    finding.kind = std::move(kind);
    finding.severity = severity;
    if (client && *client != model::server_client()) finding.client = std::move(client);
    finding.round = round;
    finding.text = std::move(text);
    finding.evidence_json = std::move(evidence);
    finding.source = model::FindingSource::identity;
    return finding;
}

std::string name_of_thing(const SignedThing& thing)
{
    const std::string round = std::to_string(thing.round.value());
    if (!thing.client) return "The checkpoint of round " + round;
    if (thing.holder == model::server_client()) return "The reference update of round " + round;
    return "The update of " + model::visible(thing.client->text()) + " in round " + round;
}

/// "round 3", "rounds 3 and 4", "rounds 3 to 9", "rounds 3, 5, 7 and 12 more".
std::string rounds_text(const std::vector<RoundNo>& rounds)
{
    constexpr std::size_t most = 8;
    std::vector<std::string> runs;
    for (std::size_t first = 0; first < rounds.size();) {
        std::size_t last = first;
        while (last + 1 < rounds.size() && rounds[last + 1].value() <= rounds[last].value() + 1) ++last;
        std::string run = std::to_string(rounds[first].value());
        if (rounds[last] != rounds[first])
            run += (rounds[last].value() == rounds[first].value() + 1 ? " and " : " to ") +
                   std::to_string(rounds[last].value());
        runs.push_back(std::move(run));
        first = last + 1;
    }
    std::string text = rounds.size() == 1 ? "round " : "rounds ";
    for (std::size_t idx = 0; idx < std::min(runs.size(), most); ++idx) text += (idx ? ", " : "") + runs[idx];
    if (runs.size() > most) text += " and others";
    return text;
}

void rounds_field(model::JsonWriter& json, const std::vector<RoundNo>& rounds)
{
    json.key("rounds").begin_array();
    for (const RoundNo round : rounds) json.value(round.value());
    json.end_array();
}

std::string evidence_of(const SignedThing& thing, const model::SignatureCheck& check)
{
    model::JsonWriter json;
    json.begin_object().field("outcome", name_of(check.outcome)).field("path", thing.path);
    if (thing.line > 0) json.field("file", "federation.jsonl").field("line", thing.line);
    if (!check.scheme.empty()) json.field("scheme", check.scheme);
    if (!check.certificate.empty()) json.field("certificate", check.certificate);
    if (check.signer) json.field("signer", check.signer->text());
    if (!thing.sha256.empty()) json.field("sha256", thing.sha256);
    json.end_object();
    return json.text();
}

/// Who does not sign though others do.
void find_unsigned(const std::vector<SignedThing>& things, const std::vector<model::SignatureCheck>& checks,
                   bool of_checkpoints, std::vector<Finding>& findings)
{
    std::vector<std::size_t> missing;
    std::size_t all = 0;
    for (std::size_t idx = 0; idx < checks.size(); ++idx) {
        if (things[idx].client.has_value() == of_checkpoints) continue;
        ++all;
        if (checks[idx].outcome == SignatureOutcome::unsigned_) missing.push_back(idx);
    }
    if (missing.size() == all) return;  // nobody signs: a fact about the federation, not about anyone in it
    if (2 * missing.size() <= all) {
        for (const std::size_t idx : missing)
            findings.push_back(finding_of("signature-missing", Severity::medium, things[idx].client, things[idx].round,
                                          name_of_thing(things[idx]) + " is not signed, and others are.",
                                          evidence_of(things[idx], checks[idx])));
        return;
    }
    std::map<std::optional<ClientId>, std::vector<RoundNo>> rounds;
    for (const std::size_t idx : missing) rounds[things[idx].client].push_back(things[idx].round);
    for (const auto& [client, list] : rounds) {
        model::JsonWriter json;
        json.begin_object();
        rounds_field(json, list);
        json.end_object();
        findings.push_back(finding_of(
            "signature-missing", Severity::low, client, list.front(),
            (client ? "Updates of " + model::visible(client->text()) + " are" : std::string("Checkpoints are")) +
                " not signed in " + rounds_text(list) + ", though some others are.",
            json.text()));
    }
}

}  // namespace

void CertificateFaults::add(const CertificateFault& fault, const Identity& identity, const SignedThing& thing)
{
    std::optional<ClientId> whose;
    if (fault.is_holder && thing.holder != model::server_client()) whose = thing.holder;
    const std::string which = fault.is_holder ? identity.path : fault.subject;
    Uses& uses = uses_[{fault.kind, whose, which}];
    if (uses.rounds.empty()) {
        uses.subject = fault.subject;
        uses.text = fault.text;
        uses.path = identity.path;
        uses.owner = fault.is_holder ? thing.owner : "the authority \"" + model::visible(fault.subject) + "\"";
        uses.first_at = thing.at;
    }
    if (uses.rounds.empty() || uses.rounds.back() != thing.round) uses.rounds.push_back(thing.round);
}

std::vector<Finding> CertificateFaults::findings() const
{
    std::vector<Finding> findings;
    for (const auto& [key, uses] : uses_) {
        const auto& [kind, client, which] = key;
        model::JsonWriter json;
        json.begin_object().field("certificate", uses.path).field("subject", uses.subject);
        rounds_field(json, uses.rounds);
        json.end_object();
        const bool in_doubt = uses.text.starts_with("was revoked later");
        std::string text = "The certificate of " + uses.owner + " " + uses.text;
        text += "; it was used in " + rounds_text(uses.rounds);
        if (uses.first_at) text += ", first at " + moment_text(*uses.first_at);
        findings.push_back(finding_of(kind, in_doubt ? Severity::medium : Severity::high, client, uses.rounds.front(),
                                      text + ".", json.text()));
    }
    return findings;
}

std::vector<Finding> signature_findings(const std::vector<SignedThing>& things,
                                        const std::vector<model::SignatureCheck>& checks)
{
    std::vector<Finding> findings;
    std::map<std::string, std::int64_t> undecided;  // why → how many
    for (std::size_t idx = 0; idx < checks.size(); ++idx) {
        const SignedThing& thing = things[idx];
        const model::SignatureCheck& check = checks[idx];
        if (check.outcome == SignatureOutcome::indeterminate && !thing.sha256.empty()) ++undecided[check.text];
        if (check.outcome != SignatureOutcome::invalid) continue;
        const std::string text = name_of_thing(thing) + " is not what its sender signed. " + check.text;
        if (!thing.client)
            findings.push_back(finding_of("checkpoint-signature-invalid", Severity::critical, {}, thing.round, text,
                                          evidence_of(thing, check)));
        else if (check.signer)
            findings.push_back(finding_of("signature-wrong-key", Severity::critical, thing.client, thing.round,
                                          name_of_thing(thing) + " was signed by another. " + check.text,
                                          evidence_of(thing, check)));
        else
            findings.push_back(finding_of("signature-invalid", Severity::high, thing.client, thing.round, text,
                                          evidence_of(thing, check)));
    }
    find_unsigned(things, checks, false, findings);
    find_unsigned(things, checks, true, findings);
    for (const auto& [why, count] : undecided)
        findings.push_back(
            finding_of("signature-indeterminate", Severity::info, {}, {},
                       model::grouped(count) + (count == 1 ? " signature" : " signatures") +
                           " can be called neither valid nor invalid. " + why,
                       model::JsonWriter().begin_object().field("signatures", count).end_object().text()));
    return findings;
}

std::vector<Finding> holder_findings(const Holders& holders, const std::vector<model::Client>& clients)
{
    std::vector<Finding> findings;
    for (const model::Client& client : clients) {
        const auto list = holders.all().find(client.id);
        if (list == holders.all().end()) continue;
        std::vector<const Certificate*> held;
        for (const Identity& identity : list->second)
            if (identity.holder()) held.push_back(identity.holder());
        for (std::size_t later = 1; later < held.size(); ++later) {
            const Certificate &before = *held[later - 1], &now = *held[later];
            const double from = std::max(before.not_before, now.not_before);
            const double until = std::min(before.not_after, now.not_after);
            if (before.key_sha256 == now.key_sha256 || !(from <= until)) continue;
            model::JsonWriter json;
            json.begin_object()
                .field("certificate", list->second[later].path)
                .field("earlier", before.fingerprint)
                .field("fingerprint", now.fingerprint)
                .end_object();
            findings.push_back(finding_of("certificate-untrusted", Severity::medium, client.id, {},
                                          model::visible(client.id.text()) +
                                              " has certificates for two different keys that are both valid from " +
                                              moment_text(from) + " to " + moment_text(until) +
                                              ": a renewal, or somebody has taken its place.",
                                          json.text()));
        }
    }
    return findings;
}

Finding authority_finding(const std::string& problem)
{
    return finding_of("certificate-untrusted", Severity::high, {}, {}, problem + ".", {});
}

}  // namespace fedsleuth::analysis
