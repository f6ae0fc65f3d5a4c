// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/identity/trust.h"
#include "model/case_store.h"
#include "model/progress.h"

#include <optional>
#include <string>
#include <vector>

namespace fedsleuth::analysis {

/// Who signed what, and what that is worth.
struct IdentityAudit {
    std::vector<model::SignatureCheck>
        checks;  ///< by round, the checkpoint's first; empty where nothing at all is signed
    std::vector<model::Finding> findings;
};

/// Checks every signature of the case against its certificate, every certificate at the time of what it signed, and who
/// else holds the same key. Needs the case alone, not the evidence folder. Errors: those of the store; cancelled.
[[nodiscard]] model::Result<IdentityAudit> audit_identity(model::CaseStore& store, model::Progress& progress);

/// One certificate for people to look at.
struct CertificateView {
    std::string path;
    std::string role;  ///< "authority", "server" or "client"
    std::optional<model::ClientId> client;
    std::string problem;  ///< why it can't be read; the rest is empty then
    std::string subject, issuer, serial, fingerprint, key_type, key_sha256;
    std::optional<double> not_before, not_after;  ///< seconds since 1970
    std::vector<std::string> way;                 ///< subjects from it to the authority; empty where no way leads there
    std::optional<TrustAnchors::Revocation> revoked;
};

/// Every certificate that the log names: the authority's, the server's, then clients by id with their earlier ones.
[[nodiscard]] model::Result<std::vector<CertificateView>> view_certificates(model::CaseStore& store);

}  // namespace fedsleuth::analysis
