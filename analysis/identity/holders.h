// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/identity/trust.h"
#include "model/case_store.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace fedsleuth::analysis {

/// One certificate file that the log gives somebody.
struct Identity {
    std::string path;
    std::vector<Certificate> chain;        ///< the holder's first; empty where it can't be read
    std::string problem;                   ///< why not
    std::vector<CertificateFault> faults;  ///< at any time: another's name, a key that others have too

    [[nodiscard]] const Certificate* holder() const { return chain.empty() ? nullptr : &chain.front(); }
};

/// Everybody's certificates, the server's under "@server".
class Holders {
public:
    Holders(const model::Federation& federation, const std::vector<model::Client>& clients,
            const std::vector<model::CertificateFile>& files, const TrustAnchors& anchors);

    /// A client's certificates, the one that was registered last before `at` first.
    [[nodiscard]] std::vector<const Identity*> of(const model::ClientId& client, std::optional<double> at) const;

    /// Everybody who holds a key, by the key's digest. A certificate that can't be traced to the authority holds
    /// nothing: anyone can make one with another's public key in it.
    [[nodiscard]] const std::map<std::string, std::set<model::ClientId>>& holders_of_keys() const { return by_key_; }
    /// One certificate for every different key.
    [[nodiscard]] const std::map<std::string, const Certificate*>& keys() const { return keys_; }
    [[nodiscard]] const std::map<model::ClientId, std::vector<Identity>>& all() const { return identities_; }
    [[nodiscard]] std::vector<const std::vector<Certificate>*> chains() const;

private:
    void note_shared_keys();
    void note_names(const std::vector<model::Client>& clients);

    std::map<model::ClientId, std::vector<Identity>> identities_;          ///< in the order of registration
    std::map<model::ClientId, std::vector<std::optional<double>>> since_;  ///< of each
    std::map<std::string, std::set<model::ClientId>> by_key_;
    std::map<std::string, const Certificate*> keys_;
};

/// "a, b and 3 more", made visible.
[[nodiscard]] std::string names_text(const std::set<model::ClientId>& clients, const model::ClientId& but,
                                     std::size_t most = 5);

}  // namespace fedsleuth::analysis
