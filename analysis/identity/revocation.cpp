// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/identity/revocation.h"

#include "analysis/identity/moment.h"
#include "analysis/identity/openssl.h"

#include <openssl/pem.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace fedsleuth::analysis {

namespace {

constexpr std::size_t most_lists = 1000;

/// RFC 5280, section 5.3.1.
std::string_view reason_text(long reason)
{
    switch (reason) {
        case CRL_REASON_KEY_COMPROMISE:
            return "key compromise";
        case CRL_REASON_CA_COMPROMISE:
            return "compromise of the authority";
        case CRL_REASON_AFFILIATION_CHANGED:
            return "affiliation changed";
        case CRL_REASON_SUPERSEDED:
            return "superseded";
        case CRL_REASON_CESSATION_OF_OPERATION:
            return "cessation of operation";
        case CRL_REASON_CERTIFICATE_HOLD:
            return "put on hold";
        case CRL_REASON_PRIVILEGE_WITHDRAWN:
            return "privilege withdrawn";
        case CRL_REASON_AA_COMPROMISE:
            return "compromise of the attribute authority";
        default:
            return "";
    }
}

TrustAnchors::Revocation read_entry(const X509_REVOKED* entry)
{
    TrustAnchors::Revocation revocation;
    revocation.since = seconds_of(X509_REVOKED_get0_revocationDate(entry));
    if (auto* reason =
            static_cast<ASN1_ENUMERATED*>(X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, nullptr, nullptr))) {
        revocation.reason = reason_text(ASN1_ENUMERATED_get(reason));
        ASN1_ENUMERATED_free(reason);
    }
    if (auto* date = static_cast<ASN1_GENERALIZEDTIME*>(
            X509_REVOKED_get_ext_d2i(entry, NID_invalidity_date, nullptr, nullptr))) {
        const double since = seconds_of(date);
        if (std::isfinite(since)) revocation.invalid_since = since;
        ASN1_GENERALIZEDTIME_free(date);
    }
    return revocation;
}

}  // namespace

struct RevocationLists::List {
    CrlPtr crl;
    std::string issuer;
    double made = 0;
    double next = 0;  ///< NaN where the list does not say
    std::string unusable;

    mutable std::map<std::string, bool> signers;  ///< by fingerprint: asked before

    [[nodiscard]] bool is_signed_by(const Certificate& authority) const
    {
        const auto [at, is_new] = signers.try_emplace(authority.fingerprint, false);
        if (is_new) at->second = check_signature(authority);
        return at->second;
    }
    [[nodiscard]] bool check_signature(const Certificate& authority) const
    {
        const bool may = (X509_get_key_usage(authority.x509.get()) & KU_CRL_SIGN) != 0;
        const bool good =
            may && authority.key &&
            X509_NAME_cmp(X509_CRL_get_issuer(crl.get()), X509_get_subject_name(authority.x509.get())) == 0 &&
            X509_CRL_verify(crl.get(), authority.key.get()) == 1;
        ERR_clear_error();
        return good;
    }
    /// A list speaks from when it was made until the next is due; and a later one tells of the past too, for entries
    /// stay in it as long as the certificate would have been valid.
    [[nodiscard]] bool covers(const Certificate& certificate, double at) const
    {
        if (made <= at) return !std::isfinite(next) || at < next;
        return certificate.not_after >= made;
    }
    void find_what_is_not_understood()
    {
        for (int idx = 0; idx < X509_CRL_get_ext_count(crl.get()); ++idx) {
            X509_EXTENSION* extension = X509_CRL_get_ext(crl.get(), idx);
            const int kind = OBJ_obj2nid(X509_EXTENSION_get_object(extension));
            if (kind == NID_delta_crl) unusable = "is only the difference to a list that is not here";
            if (X509_EXTENSION_get_critical(extension) && kind != NID_crl_number &&
                kind != NID_authority_key_identifier)
                unusable = "has an extension that must be understood and is not";
        }
        if (!std::isfinite(made)) unusable = "does not say when it was made";
    }
};

RevocationLists::RevocationLists(std::string_view pem)
{
    const BioPtr bio = bio_of(pem);
    while (!pem.empty() && bio && lists_.size() < most_lists) {
        ERR_clear_error();
        CrlPtr crl(PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr));
        if (!crl) {
            const unsigned long error = ERR_peek_last_error();
            ERR_clear_error();
            if (ERR_GET_LIB(error) != ERR_LIB_PEM || ERR_GET_REASON(error) != PEM_R_NO_START_LINE)
                unreadable_.emplace_back("A revocation list can't be read");
            else if (lists_.empty())
                unreadable_.emplace_back("The file of revocation lists holds none in PEM form");
            break;
        }
        auto list = std::make_unique<List>();
        list->issuer = text_of(X509_CRL_get_issuer(crl.get()));
        list->made = seconds_of(X509_CRL_get0_lastUpdate(crl.get()));
        list->next = seconds_of(X509_CRL_get0_nextUpdate(crl.get()));
        list->crl = std::move(crl);
        list->find_what_is_not_understood();
        lists_.push_back(std::move(list));
    }
}

RevocationLists::~RevocationLists() = default;

bool RevocationLists::empty() const { return lists_.empty(); }

std::vector<std::string> RevocationLists::problems(const std::vector<Certificate>& authorities) const
{
    std::vector<std::string> problems = unreadable_;
    for (const auto& list : lists_) {
        const std::string name =
            "The revocation list of \"" + list->issuer + "\", made " + moment_text(list->made) + ", ";
        if (!list->unusable.empty())
            problems.push_back(name + list->unusable);
        else if (std::none_of(authorities.begin(), authorities.end(),
                              [&](const Certificate& authority) { return list->is_signed_by(authority); }))
            problems.push_back(name +
                               "is not signed by the authority that it names: it may be forged, and is not used");
    }
    return problems;
}

RevocationLists::Answer RevocationLists::ask(const Certificate& certificate, const Certificate& issuer,
                                             std::optional<double> at) const
{
    Answer answer;
    for (const auto& list : lists_) {
        if (!list->unusable.empty() || !list->is_signed_by(issuer)) continue;
        answer.any_list = true;
        if (at && list->covers(certificate, *at)) answer.covered = true;
        X509_REVOKED* entry = nullptr;
        const int found = X509_CRL_get0_by_cert(list->crl.get(), &entry, certificate.x509.get());
        if (found != 1) continue;  // 2: taken off the list again
        TrustAnchors::Revocation revocation = read_entry(entry);
        if (!answer.revoked || revocation.since < answer.revoked->since) answer.revoked = std::move(revocation);
    }
    return answer;
}

}  // namespace fedsleuth::analysis
