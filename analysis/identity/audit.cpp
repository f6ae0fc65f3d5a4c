// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/identity/audit.h"

#include "analysis/identity/admission.h"
#include "analysis/identity/holders.h"
#include "analysis/identity/moment.h"
#include "analysis/identity/signature.h"
#include "analysis/identity/signature_findings.h"
#include "model/text.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

namespace fedsleuth::analysis {

using model::ClientId;
using model::Result;
using model::RoundNo;
using model::SignatureOutcome;

namespace {

/// Signatures that are tried under other clients' keys, over the whole case: enough for every honest one.
constexpr std::int64_t most_trials = 300'000;

std::string_view contents(const std::vector<model::CertificateFile>& files, const std::string& path)
{
    for (const model::CertificateFile& file : files)
        if (file.path == path && !path.empty()) return file.bytes;
    return {};
}

/// When each round's checkpoint was signed, as far as the log tells: when the round ended, else when its last update
/// came.
std::map<RoundNo, double> checkpoint_times(const model::Federation& federation, const std::vector<model::Round>& rounds,
                                           const std::vector<model::Update>& updates)
{
    std::map<RoundNo, double> times;
    for (const model::Update& update : updates)
        if (const auto at = moment_of(update.received_at)) {
            const auto [known, is_new] = times.emplace(update.round, *at);
            if (!is_new) known->second = std::max(known->second, *at);
        }
    for (const model::Round& round : rounds)
        if (const auto at = moment_of(round.finished_at)) times[round.number] = *at;
    if (const auto at = moment_of(federation.started_at)) times.emplace(RoundNo{0}, *at);
    return times;
}

class Audit {
public:
    Audit(const Holders& holders, const TrustAnchors& anchors, const std::vector<model::ByteSignature>& byte_signatures)
        : holders_(holders), anchors_(anchors)
    {
        for (const model::ByteSignature& known : byte_signatures)
            byte_signatures_[{known.file_sha256, known.signature}][known.key_sha256] = known.verifies;
    }

    model::SignatureCheck check(const SignedThing& thing, CertificateFaults& faults)
    {
        model::SignatureCheck answer;
        answer.round = thing.round;
        answer.client = thing.client;
        const std::vector<const Identity*> own = holders_.of(thing.holder, thing.at);
        // A certificate is what lets a client in: it must be good whatever became of the signature.
        const Identity* current = own.empty() ? nullptr : own.front();
        if (!thing.signature) {
            answer.outcome = SignatureOutcome::unsigned_;
            answer.text = "It is not signed.";
            if (current) note_faults(*current, thing, faults);
            return answer;
        }
        answer.scheme = thing.signature->scheme;
        const Identity* signer = find_own(thing, own, answer);
        if (const Identity* used = signer ? signer : current) {
            answer.certificate = used->path;
            const CertificateWorth worth = note_faults(*used, thing, faults);
            if (signer) weigh(worth, answer);
        }
        return answer;
    }

private:
    using BytesKey = std::pair<std::string, std::string>;

    /// Whether the signature verifies under this key; nothing where that can't be told.
    std::optional<bool> verifies_under(const Certificate& certificate, SignatureScheme scheme, const SignedThing& thing,
                                       const std::string& signature) const
    {
        if (scheme != SignatureScheme::ed25519) return verifies(scheme, certificate, thing.sha256, signature);
        if (!fits(scheme, certificate)) return false;
        const auto known = byte_signatures_.find({thing.sha256, thing.signature->base64});
        if (known == byte_signatures_.end()) return std::nullopt;
        const auto answer = known->second.find(certificate.key_sha256);
        if (answer == known->second.end()) return std::nullopt;
        return answer->second;
    }

    /// The sender's certificate under which the signature verifies. Where it verifies under none, `answer` says why.
    const Identity* find_own(const SignedThing& thing, const std::vector<const Identity*>& own,
                             model::SignatureCheck& answer)
    {
        const auto scheme = scheme_from(thing.signature->scheme);
        const auto signature = model::base64_decoded(thing.signature->base64);
        const auto give_up = [&](SignatureOutcome outcome, std::string text) {
            answer.outcome = outcome;
            answer.text = std::move(text);
            return nullptr;
        };
        if (!scheme)
            return give_up(SignatureOutcome::indeterminate, "It is signed under the scheme \"" +
                                                                model::visible(thing.signature->scheme) +
                                                                "\", which is not known here.");
        if (thing.sha256.empty()) return give_up(SignatureOutcome::indeterminate, "Its file is not in the evidence.");
        if (!signature)
            return give_up(SignatureOutcome::invalid, "What the log gives as its signature is no base64 text.");
        bool unknown = false, any_key = false;
        for (const Identity* identity : own) {
            const Certificate* holder = identity->holder();
            if (!holder) continue;
            any_key = true;
            const std::optional<bool> good = verifies_under(*holder, *scheme, thing, *signature);
            if (good && *good) return identity;
            unknown = unknown || !good;
        }
        if (const auto another = find_another(thing, *scheme, *signature)) {
            answer.signer = another;
            return give_up(
                SignatureOutcome::invalid,
                "Its signature was made with the key of " +
                    (*another == model::server_client() ? "the server" : '"' + model::visible(another->text()) + '"') +
                    ", not with " + thing.owner + "'s own.");
        }
        if (unknown)
            return give_up(
                SignatureOutcome::indeterminate,
                "An Ed25519 signature needs the file's own bytes, and they were not at hand when the evidence "
                "was taken in.");
        if (!any_key)
            return give_up(SignatureOutcome::indeterminate,
                           own.empty() ? "It is signed, and the log names no certificate for it."
                                       : "It is signed, but its certificate " + own.front()->problem + ".");
        if (!fits(*scheme, *own.front()->holder()))
            return give_up(SignatureOutcome::invalid, "The log calls its signature " + thing.signature->scheme +
                                                          ", and the key of the certificate is " +
                                                          own.front()->holder()->key_type + ".");
        std::string text = "Its signature does not fit the file.";
        if (!thing.declared.empty() && thing.declared != thing.sha256) {
            SignedThing declared = thing;
            declared.sha256 = thing.declared;
            if (verifies_under(*own.front()->holder(), *scheme, declared, *signature).value_or(false))
                text = "Its signature fits the file that the log describes, not the one that lies there.";
        }
        return give_up(SignatureOutcome::invalid, std::move(text));
    }

    std::optional<ClientId> find_another(const SignedThing& thing, SignatureScheme scheme, const std::string& signature)
    {
        for (const auto& [key, certificate] : holders_.keys()) {
            if (!fits(scheme, *certificate)) continue;
            const std::set<ClientId>& holders = holders_.holders_of_keys().at(key);
            if (holders.empty() || holders.contains(thing.holder)) continue;
            if (++trials_ > most_trials) return std::nullopt;
            if (verifies_under(*certificate, scheme, thing, signature).value_or(false)) return *holders.begin();
        }
        return std::nullopt;
    }

    CertificateWorth note_faults(const Identity& identity, const SignedThing& thing, CertificateFaults& faults)
    {
        CertificateWorth worth;
        if (!identity.holder()) {
            worth.faults.push_back({"certificate-untrusted", identity.path, true, identity.problem});
        } else {
            worth = anchors_.worth(identity.chain, thing.at);
            worth.faults.insert(worth.faults.end(), identity.faults.begin(), identity.faults.end());
        }
        for (const CertificateFault& fault : worth.faults) faults.add(fault, identity, thing);
        return worth;
    }

    static void weigh(const CertificateWorth& worth, model::SignatureCheck& answer)
    {
        if (!worth.faults.empty()) {
            answer.outcome = SignatureOutcome::certificate_bad;
            answer.text = "Its signature verifies, but the certificate ";
            for (std::size_t idx = 0; idx < worth.faults.size(); ++idx) {
                const CertificateFault& fault = worth.faults[idx];
                answer.text += (idx ? "; it " : "") +
                               (fault.is_holder ? std::string() : "of its authority \"" + fault.subject + "\" ") +
                               fault.text;
            }
            answer.text += ".";
        } else if (!worth.unknown.empty()) {
            answer.outcome = SignatureOutcome::indeterminate;
            answer.text =
                "Its signature verifies, but what the certificate was worth can't be told: " + worth.unknown + ".";
        } else {
            answer.outcome = SignatureOutcome::valid;
            answer.text = "Its signature verifies, and the certificate was good when it was made.";
        }
    }

    const Holders& holders_;
    const TrustAnchors& anchors_;
    std::map<BytesKey, std::map<std::string, bool>> byte_signatures_;
    std::int64_t trials_ = 0;
};

SignedThing thing_of(const model::Update& update)
{
    SignedThing thing;
    thing.round = update.round;
    thing.client = update.client;
    thing.holder = update.reference ? model::server_client() : update.client;
    thing.owner = update.reference ? "the server" : "\"" + model::visible(update.client.text()) + "\"";
    thing.path = update.path;
    thing.line = update.line;
    thing.sha256 = update.actual_sha256;
    thing.declared = update.declared_sha256;
    thing.signature = update.signature;
    thing.at = moment_of(update.received_at);
    return thing;
}

SignedThing thing_of(const model::Checkpoint& checkpoint, const std::map<RoundNo, double>& times)
{
    SignedThing thing;
    thing.round = checkpoint.round;
    thing.holder = model::server_client();
    thing.owner = "the server";
    thing.path = checkpoint.path;
    thing.line = checkpoint.line;
    thing.sha256 = checkpoint.actual_sha256;
    thing.declared = checkpoint.declared_sha256;
    thing.signature = checkpoint.signature;
    if (const auto at = times.find(checkpoint.round); at != times.end()) thing.at = at->second;
    return thing;
}

}  // namespace

Result<IdentityAudit> audit_identity(model::CaseStore& store, model::Progress& progress)
{
    FEDSLEUTH_TRY(const model::Federation federation, store.federation());
    FEDSLEUTH_TRY(const std::vector<model::Client> clients, store.clients());
    FEDSLEUTH_TRY(const std::vector<model::Round> rounds, store.rounds());
    FEDSLEUTH_TRY(const std::vector<model::Update> updates, store.updates());
    FEDSLEUTH_TRY(const std::vector<model::Checkpoint> checkpoints, store.checkpoints());
    FEDSLEUTH_TRY(const std::vector<model::CertificateFile> files, store.certificate_files());
    FEDSLEUTH_TRY(const std::vector<model::ByteSignature> byte_signatures, store.byte_signatures());

    FEDSLEUTH_TRY(const std::vector<model::Submission> submissions, store.submissions());
    FEDSLEUTH_TRY(const auto limits, store.policy());

    IdentityAudit result;
    result.findings = admission_findings(clients, rounds, updates, submissions, admission_policy(limits));
    const model::Trust trust = federation.trust.value_or(model::Trust{});
    const TrustAnchors anchors(contents(files, trust.ca), contents(files, trust.crl));
    const Holders holders(federation, clients, files, anchors);
    const bool any_signature =
        std::any_of(updates.begin(), updates.end(), [](const auto& update) { return update.signature.has_value(); }) ||
        std::any_of(checkpoints.begin(), checkpoints.end(),
                    [](const auto& made) { return made.signature.has_value(); });
    if (!any_signature && holders.all().empty()) return result;

    std::vector<SignedThing> things;
    const std::map<RoundNo, double> times = checkpoint_times(federation, rounds, updates);
    for (const model::Checkpoint& checkpoint : checkpoints) things.push_back(thing_of(checkpoint, times));
    for (const model::Update& update : updates) things.push_back(thing_of(update));
    std::stable_sort(things.begin(), things.end(), [](const SignedThing& a, const SignedThing& b) {
        return std::tie(a.round, a.client) < std::tie(b.round, b.client);
    });
    progress.start("Checking signatures", static_cast<std::int64_t>(things.size()), "signatures");
    Audit audit(holders, anchors, byte_signatures);
    CertificateFaults faults;
    for (const SignedThing& thing : things) {
        if (progress.stopped()) return model::fail(model::ErrorCode::cancelled, "The analysis was stopped");
        result.checks.push_back(audit.check(thing, faults));
        progress.advance(1);
    }
    for (model::Finding& finding : signature_findings(things, result.checks))
        result.findings.push_back(std::move(finding));
    for (model::Finding& finding : faults.findings()) result.findings.push_back(std::move(finding));
    for (model::Finding& finding : holder_findings(holders, clients)) result.findings.push_back(std::move(finding));
    for (const std::string& problem : anchors.problems(holders.chains()))
        result.findings.push_back(authority_finding(problem));
    if (!any_signature) result.checks.clear();
    return result;
}

Result<std::vector<CertificateView>> view_certificates(model::CaseStore& store)
{
    FEDSLEUTH_TRY(const model::Federation federation, store.federation());
    FEDSLEUTH_TRY(const std::vector<model::Client> clients, store.clients());
    FEDSLEUTH_TRY(const std::vector<model::CertificateFile> files, store.certificate_files());
    const model::Trust trust = federation.trust.value_or(model::Trust{});
    const TrustAnchors anchors(contents(files, trust.ca), contents(files, trust.crl));
    const Holders holders(federation, clients, files, anchors);

    std::vector<CertificateView> views;
    const auto add = [&](const std::string& path, std::string role, std::optional<ClientId> client,
                         const std::vector<Certificate>& chain, const std::string& problem) {
        CertificateView view;
        view.path = path;
        view.role = std::move(role);
        view.client = std::move(client);
        view.problem = problem;
        if (!chain.empty()) {
            const Certificate& holder = chain.front();
            view.subject = holder.subject;
            view.issuer = holder.issuer;
            view.serial = holder.serial;
            view.fingerprint = holder.fingerprint;
            view.key_type = holder.key_type;
            view.key_sha256 = holder.key_sha256;
            if (std::isfinite(holder.not_before)) view.not_before = holder.not_before;
            if (std::isfinite(holder.not_after)) view.not_after = holder.not_after;
            view.way = anchors.path_of(chain);
            view.revoked = anchors.revocation_of(chain);
        }
        views.push_back(std::move(view));
    };
    if (!trust.ca.empty()) {
        const auto authorities = read_certificates(contents(files, trust.ca));
        if (!authorities) add(trust.ca, "authority", {}, {}, authorities.error().message);
        if (authorities)
            for (const Certificate& authority : *authorities) add(trust.ca, "authority", {}, {authority}, {});
    }
    for (const auto& [client, identities] : holders.all())
        for (const Identity& identity : identities) {
            const bool server = client == model::server_client();
            add(identity.path, server ? "server" : "client", server ? std::nullopt : std::optional(client),
                identity.chain, identity.problem);
        }
    return views;
}

}  // namespace fedsleuth::analysis
