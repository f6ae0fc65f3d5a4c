// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/identity/holders.h"
#include "model/finding.h"
#include "model/identity.h"
#include "model/signature.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace fedsleuth::analysis {

/// An update or a checkpoint, as far as signatures go.
struct SignedThing {
    model::RoundNo round;
    std::optional<model::ClientId> client;  ///< nothing: the checkpoint of the round
    model::ClientId holder;                 ///< whose key should have signed it
    std::string owner;                      ///< the same for a person: "the server", "\"site-01\""
    std::string path;
    std::int64_t line = 0;
    std::string sha256;  ///< of the file; empty where it is missing
    std::string declared;
    std::optional<model::Signature> signature;
    std::optional<double> at;  ///< when it was signed, as far as the log tells
};

/// What was wrong with certificates, gathered over everything that they were used for.
class CertificateFaults {
public:
    void add(const CertificateFault& fault, const Identity& identity, const SignedThing& thing);
    /// One for each certificate and kind.
    [[nodiscard]] std::vector<model::Finding> findings() const;

private:
    struct Uses {
        std::string subject, text, path, owner;
        std::vector<model::RoundNo> rounds;
        std::optional<double> first_at;
    };
    /// Kind, whose (nothing: an authority's or the server's), which certificate.
    std::map<std::tuple<std::string, std::optional<model::ClientId>, std::string>, Uses> uses_;
};

/// What the outcomes amount to. Where only few sign, who does not is named once and not for every round.
[[nodiscard]] std::vector<model::Finding> signature_findings(const std::vector<SignedThing>& things,
                                                             const std::vector<model::SignatureCheck>& checks);

/// Two keys for one client at the same time.
[[nodiscard]] std::vector<model::Finding> holder_findings(const Holders& holders,
                                                          const std::vector<model::Client>& clients);

[[nodiscard]] model::Finding authority_finding(const std::string& problem);

}  // namespace fedsleuth::analysis
