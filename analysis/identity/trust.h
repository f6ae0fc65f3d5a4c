// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/identity/certificate.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fedsleuth::analysis {

/// One thing that was wrong with a certificate, or with one on its way to the authority, at a moment.
struct CertificateFault {
    std::string kind;       ///< a finding's: certificate-expired, certificate-not-yet-valid, certificate-revoked,
                            ///< certificate-untrusted
    std::string subject;    ///< of the certificate at fault
    bool is_holder = true;  ///< it is the holder's own, not an authority's
    std::string text;       ///< "had expired at 2026-03-07 00:06:00 UTC": follows a name
};

/// What a certificate was worth at a moment.
struct CertificateWorth {
    std::vector<CertificateFault> faults;
    std::string unknown;  ///< what it takes to say more and is not in the evidence; empty where nothing is
};

/// The authority of a case and its revocation lists. Paths are validated as RFC 5280 says (OpenSSL), at the moment when
/// a signature was made, not at today's date.
class TrustAnchors {
public:
    /// `authority` and `revocations` are PEM files; empty where the case has none. What can't be read is in problems().
    TrustAnchors(std::string_view authority, std::string_view revocations);
    ~TrustAnchors();
    TrustAnchors(TrustAnchors&&) noexcept;
    TrustAnchors& operator=(TrustAnchors&&) noexcept;

    /// `chain`: the holder's certificate, then whatever came along with it. `at`: seconds since 1970; nothing where it
    /// is not known when the signature was made (then only what holds at any time is judged).
    [[nodiscard]] CertificateWorth worth(const std::vector<Certificate>& chain, std::optional<double> at) const;

    /// Names of the certificates from the holder's to the anchor; empty where no path leads there.
    [[nodiscard]] std::vector<std::string> path_of(const std::vector<Certificate>& chain) const;

    /// What is wrong with the authority's file or the revocation lists, in sentences without a stop. `chains`: every
    /// holder's, for authorities between the case's and the holders may have signed lists too.
    [[nodiscard]] std::vector<std::string> problems(const std::vector<const std::vector<Certificate>*>& chains) const;
    [[nodiscard]] bool has_authority() const;
    /// Whether a path leads to the authority; true of every chain where the case has none.
    [[nodiscard]] bool traces(const std::vector<Certificate>& chain) const;

    /// A certificate's entry in a list that its authority signed.
    struct Revocation {
        double since = 0;
        std::string reason;                   ///< "key compromise", …; empty where the list gives none
        std::optional<double> invalid_since;  ///< when the key is thought to have been lost
    };
    [[nodiscard]] std::optional<Revocation> revocation_of(const std::vector<Certificate>& chain) const;

private:
    struct Inside;
    std::unique_ptr<Inside> inside_;
};

}  // namespace fedsleuth::analysis
