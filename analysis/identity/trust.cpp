// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/identity/trust.h"

#include "analysis/identity/moment.h"
#include "analysis/identity/openssl.h"
#include "analysis/identity/revocation.h"

#include <openssl/x509_vfy.h>
#include <cmath>
#include <map>
#include <set>

namespace fedsleuth::analysis {

namespace {

constexpr int longest_path = 10;

struct Path {
    std::vector<Certificate> certificates;  ///< from the holder's to the anchor
    std::string error;                      ///< why there is none
};

/// The certificate among those known that OpenSSL means.
const Certificate* known(const X509* x509, const std::vector<const std::vector<Certificate>*>& lists)
{
    for (const auto* list : lists)
        for (const Certificate& certificate : *list)
            if (X509_cmp(certificate.x509.get(), x509) == 0) return &certificate;
    return nullptr;
}

}  // namespace

struct TrustAnchors::Inside {
    std::vector<Certificate> anchors;
    RevocationLists revocations;
    StorePtr store;
    std::vector<std::string> problems;
    mutable std::map<std::string, Path> paths;  ///< at no time in particular, by the holder's fingerprint

    explicit Inside(std::string_view pem) : revocations(pem), store(X509_STORE_new()) {}

    /// Nothing for `at`: validity periods are left out, everything else is checked.
    [[nodiscard]] Path find_path(const std::vector<Certificate>& chain, std::optional<double> at) const
    {
        Path path;
        const StoreContextPtr context(X509_STORE_CTX_new());
        const CertificateStack untrusted(sk_X509_new_null());
        for (std::size_t idx = 1; idx < chain.size(); ++idx) sk_X509_push(untrusted.get(), chain[idx].x509.get());
        if (!context ||
            X509_STORE_CTX_init(context.get(), store.get(), chain.front().x509.get(), untrusted.get()) != 1) {
            path.error = "can't be checked";
            return path;
        }
        X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
        X509_VERIFY_PARAM_set_depth(parameters, longest_path);
        // Whatever the case names as its authority is one, be it the root or not.
        X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
        if (at)
            X509_VERIFY_PARAM_set_time(parameters, static_cast<time_t>(*at));
        else
            X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_NO_CHECK_TIME);
        const bool found = X509_verify_cert(context.get()) == 1;
        ERR_clear_error();
        if (!found) {
            path.error = X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
            return path;
        }
        const STACK_OF(X509)* way = X509_STORE_CTX_get0_chain(context.get());
        for (int idx = 0; idx < sk_X509_num(way); ++idx)
            if (const Certificate* certificate = known(sk_X509_value(way, idx), {&chain, &anchors}))
                path.certificates.push_back(*certificate);
        return path;
    }

    [[nodiscard]] const Path& timeless_path(const std::vector<Certificate>& chain) const
    {
        std::string key;
        for (const Certificate& certificate : chain) key += certificate.fingerprint;
        const auto at = paths.find(key);
        return at != paths.end() ? at->second : paths.emplace(key, find_path(chain, std::nullopt)).first->second;
    }
};

TrustAnchors::TrustAnchors(std::string_view authority, std::string_view revocations)
    : inside_(std::make_unique<Inside>(revocations))
{
    if (!authority.empty()) {
        auto anchors = read_certificates(authority);
        if (anchors)
            inside_->anchors = std::move(*anchors);
        else
            inside_->problems.push_back("The file of the certificate authority " + anchors.error().message +
                                        ": no certificate can be traced to it");
    }
    for (const Certificate& anchor : inside_->anchors) X509_STORE_add_cert(inside_->store.get(), anchor.x509.get());
    ERR_clear_error();
}

TrustAnchors::~TrustAnchors() = default;
TrustAnchors::TrustAnchors(TrustAnchors&&) noexcept = default;
TrustAnchors& TrustAnchors::operator=(TrustAnchors&&) noexcept = default;

std::vector<std::string> TrustAnchors::problems(const std::vector<const std::vector<Certificate>*>& chains) const
{
    std::vector<std::string> problems = inside_->problems;
    if (!has_authority()) return problems;
    std::vector<Certificate> authorities = inside_->anchors;
    std::set<std::string> seen;
    for (const auto* chain : chains) {
        const std::vector<Certificate>& way = inside_->timeless_path(*chain).certificates;
        for (std::size_t idx = 1; idx < way.size(); ++idx)
            if (seen.insert(way[idx].fingerprint).second) authorities.push_back(way[idx]);
    }
    for (std::string& problem : inside_->revocations.problems(authorities)) problems.push_back(std::move(problem));
    return problems;
}

bool TrustAnchors::has_authority() const { return !inside_->anchors.empty(); }

bool TrustAnchors::traces(const std::vector<Certificate>& chain) const
{
    return !has_authority() || inside_->timeless_path(chain).error.empty();
}

std::vector<std::string> TrustAnchors::path_of(const std::vector<Certificate>& chain) const
{
    std::vector<std::string> names;
    for (const Certificate& certificate : inside_->timeless_path(chain).certificates)
        names.push_back(certificate.subject);
    return names;
}

std::optional<TrustAnchors::Revocation> TrustAnchors::revocation_of(const std::vector<Certificate>& chain) const
{
    const std::vector<Certificate>& way = inside_->timeless_path(chain).certificates;
    if (way.size() < 2) return std::nullopt;
    return inside_->revocations.ask(way[0], way[1], std::nullopt).revoked;
}

namespace {

bool in_time(const std::vector<Certificate>& way, double at)
{
    for (const Certificate& certificate : way)
        if (!(at >= certificate.not_before && at <= certificate.not_after)) return false;
    return true;
}

void judge_period(const Certificate& certificate, bool is_holder, double at, CertificateWorth& worth)
{
    if (!(at >= certificate.not_before))
        worth.faults.push_back({"certificate-not-yet-valid", certificate.subject, is_holder,
                                "was issued for the time from " + moment_text(certificate.not_before) + " on"});
    if (!(at <= certificate.not_after))
        worth.faults.push_back({"certificate-expired", certificate.subject, is_holder,
                                "had expired at " + moment_text(certificate.not_after)});
}

void judge_revocation(const RevocationLists::Answer& answer, const Certificate& certificate, bool is_holder,
                      std::optional<double> at, CertificateWorth& worth)
{
    if (answer.revoked) {
        const TrustAnchors::Revocation& revoked = *answer.revoked;
        const std::string reason = revoked.reason.empty() ? "no reason given" : revoked.reason;
        if (!at) {
            worth.unknown =
                "it was revoked at " + moment_text(revoked.since) + ", and when the signature was made is not known";
        } else if (!(revoked.since > *at)) {
            worth.faults.push_back({"certificate-revoked", certificate.subject, is_holder,
                                    "had been revoked at " + moment_text(revoked.since) + " (" + reason + ")"});
        } else if (revoked.invalid_since && *revoked.invalid_since <= *at &&
                   revoked.reason.find("compromise") != std::string::npos) {
            worth.faults.push_back({"certificate-revoked", certificate.subject, is_holder,
                                    "was revoked later, at " + moment_text(revoked.since) + " (" + reason +
                                        "), and its key is thought to have been in other hands since " +
                                        moment_text(*revoked.invalid_since)});
        }
        return;  // revoked later for a reason that does not reach back: it was good
    }
    if (at && !answer.covered && worth.unknown.empty())
        worth.unknown = answer.any_list ? "no revocation list of its authority speaks for that time"
                                        : "the evidence holds no revocation list of its authority";
}

}  // namespace

CertificateWorth TrustAnchors::worth(const std::vector<Certificate>& chain, std::optional<double> at) const
{
    CertificateWorth worth;
    const Certificate& holder = chain.front();
    if (!holder.may_sign)
        worth.faults.push_back({"certificate-untrusted", holder.subject, true,
                                "is not for signing data: its key usage allows other things only"});
    if (!has_authority()) {
        worth.unknown = "the evidence holds no certificate authority to trace it to";
        if (at) judge_period(holder, true, *at, worth);
        return worth;
    }
    const Path* path = &inside_->timeless_path(chain);
    if (!path->error.empty()) {
        worth.faults.push_back({"certificate-untrusted", holder.subject, true,
                                "can't be traced to the case's certificate authority (" + path->error + ")"});
        return worth;
    }
    Path another;  // where an authority has been renewed, another way may hold at that time
    if (at && !in_time(path->certificates, *at)) {
        another = inside_->find_path(chain, at);
        if (another.error.empty()) path = &another;
    }
    const std::vector<Certificate>& way = path->certificates;
    for (std::size_t idx = 0; idx < way.size(); ++idx) {
        if (at) judge_period(way[idx], idx == 0, *at, worth);
        if (idx + 1 < way.size())
            judge_revocation(inside_->revocations.ask(way[idx], way[idx + 1], at), way[idx], idx == 0, at, worth);
    }
    if (!at && worth.unknown.empty()) worth.unknown = "when the signature was made is not known";
    return worth;
}

}  // namespace fedsleuth::analysis
