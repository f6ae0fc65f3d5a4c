// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/identity/holders.h"

#include "analysis/identity/moment.h"
#include "model/text.h"

#include <algorithm>

namespace fedsleuth::analysis {

using model::ClientId;

namespace {

Identity read_identity(const std::string& path, const std::map<std::string, const model::CertificateFile*>& files)
{
    Identity identity;
    identity.path = path;
    const auto file = files.find(path);
    if (file == files.end() || file->second->bytes.empty()) {
        identity.problem = file == files.end() || file->second->state == "ok"
                               ? "was not kept when the evidence was taken in"
                               : "could not be taken in: " + file->second->state;
        return identity;
    }
    auto chain = read_certificates(file->second->bytes);
    if (chain)
        identity.chain = std::move(*chain);
    else
        identity.problem = chain.error().message;
    return identity;
}

}  // namespace

std::string names_text(const std::set<ClientId>& clients, const ClientId& but, std::size_t most)
{
    std::vector<std::string> names;
    for (const ClientId& client : clients)
        if (client != but) names.push_back(model::visible(client.text()));
    std::string text;
    for (std::size_t idx = 0; idx < std::min(names.size(), most); ++idx)
        text += (idx == 0 ? "" : idx + 1 == names.size() ? " and " : ", ") + names[idx];
    if (names.size() > most) text += " and " + std::to_string(names.size() - most) + " more";
    return text;
}

Holders::Holders(const model::Federation& federation, const std::vector<model::Client>& clients,
                 const std::vector<model::CertificateFile>& files, const TrustAnchors& anchors)
{
    std::map<std::string, const model::CertificateFile*> by_path;
    for (const model::CertificateFile& file : files) by_path[file.path] = &file;
    const auto add = [&](const ClientId& client, const std::string& path, const std::string& since) {
        if (path.empty()) return;
        identities_[client].push_back(read_identity(path, by_path));
        since_[client].push_back(moment_of(since));
    };
    if (federation.trust) add(model::server_client(), federation.trust->server_certificate, "");
    for (const model::Client& client : clients) {
        for (const auto& earlier : client.earlier) add(client.id, earlier.certificate, earlier.registered_at);
        add(client.id, client.certificate, client.registered_at);
    }
    for (const auto& [client, list] : identities_)
        for (const Identity& identity : list)
            if (const Certificate* holder = identity.holder()) {
                std::set<ClientId>& holders = by_key_[holder->key_sha256];
                if (anchors.traces(identity.chain)) holders.insert(client);
                keys_.try_emplace(holder->key_sha256, holder);
            }
    note_shared_keys();
    note_names(clients);
}

std::vector<const Identity*> Holders::of(const ClientId& client, std::optional<double> at) const
{
    std::vector<const Identity*> found;
    const auto list = identities_.find(client);
    if (list == identities_.end()) return found;
    const std::vector<std::optional<double>>& since = since_.at(client);
    std::size_t current = list->second.size() - 1;
    if (at) {
        while (current > 0 && since[current] && *since[current] > *at) --current;
    }
    found.push_back(&list->second[current]);
    for (std::size_t idx = list->second.size(); idx-- > 0;)
        if (idx != current) found.push_back(&list->second[idx]);
    return found;
}

std::vector<const std::vector<Certificate>*> Holders::chains() const
{
    std::vector<const std::vector<Certificate>*> chains;
    for (const auto& [client, list] : identities_)
        for (const Identity& identity : list)
            if (identity.holder()) chains.push_back(&identity.chain);
    return chains;
}

void Holders::note_shared_keys()
{
    for (auto& [client, list] : identities_)
        for (Identity& identity : list) {
            const Certificate* holder = identity.holder();
            if (!holder) continue;
            std::set<ClientId> sharers = by_key_.at(holder->key_sha256);
            sharers.erase(client);
            if (!sharers.empty())
                identity.faults.push_back({"certificate-shared-key", holder->subject, true,
                                           "has the very key that " + names_text(sharers, client) +
                                               (sharers.size() > 1 ? " have" : " has") + " too"});
        }
}

/// Where certificates carry their client's id, one that does not is somebody else's. Federations that name clients in
/// another way than their certificates are left alone, unless a certificate names another of their clients.
void Holders::note_names(const std::vector<model::Client>& clients)
{
    std::set<ClientId> known;
    for (const model::Client& client : clients) known.insert(client.id);
    std::size_t named = 0, holders = 0;
    for (const auto& [client, list] : identities_)
        for (const Identity& identity : list)
            if (identity.holder() && client != model::server_client()) {
                ++holders;
                named += identity.holder()->is_named(client.text());
            }
    const bool by_id = 2 * named > holders;
    for (auto& [client, list] : identities_)
        for (Identity& identity : list) {
            const Certificate* holder = identity.holder();
            if (!holder || client == model::server_client() || holder->is_named(client.text())) continue;
            std::string another;
            bool shares_with_it = false;
            for (const std::string& name : holder->names)
                if (known.contains(ClientId(name))) {
                    another = name;
                    shares_with_it = by_key_.at(holder->key_sha256).contains(ClientId(name));
                }
            // That two have one key has been said.
            if (shares_with_it || (another.empty() && !by_id)) continue;
            identity.faults.push_back(
                {"certificate-untrusted", holder->subject, true,
                 another.empty()
                     ? "does not name this client, as others' do: it is for \"" + model::visible(holder->subject) + "\""
                     : "is that of another client: it is for \"" + model::visible(another) + "\""});
        }
}

}  // namespace fedsleuth::analysis
