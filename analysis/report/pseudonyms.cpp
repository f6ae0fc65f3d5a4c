// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/report/report.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <set>

namespace fedsleuth::analysis {

using model::ClientId;

namespace {

bool is_word(char character)
{
    const auto byte = static_cast<unsigned char>(character);
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte >= 0x80;
}

class Pseudonyms {
public:
    explicit Pseudonyms(const ReportData& data)
    {
        std::set<ClientId> ids;
        for (const model::Client& client : data.clients) ids.insert(client.id);
        for (const model::Update& update : data.updates)
            if (!update.reference) ids.insert(update.client);
        for (const model::Decision& decision : data.decisions) ids.insert(decision.client);
        using Digest = std::array<unsigned char, SHA256_DIGEST_LENGTH>;
        std::vector<std::pair<Digest, ClientId>> order;
        for (const ClientId& id : ids) {
            Digest digest{};
            const std::string salted = data.federation.name + "\n" + id.text();
            SHA256(reinterpret_cast<const unsigned char*>(salted.data()), salted.size(), digest.data());
            order.emplace_back(digest, id);
        }
        std::sort(order.begin(), order.end());
        const int digits = order.size() > 999 ? 5 : order.size() > 99 ? 3 : 2;
        for (std::size_t idx = 0; idx < order.size(); ++idx) {
            char name[32];
            std::snprintf(name, sizeof name, "client-%0*zu", digits, idx + 1);
            names_.emplace(order[idx].second, ClientId{name});
        }
        for (const auto& [id, name] : names_) {
            const std::string& text = id.text();
            const bool number = text.find_first_not_of("0123456789") == std::string::npos;
            if (!text.empty() && !(number && text.size() <= 4)) in_text_.emplace_back(text, name.text());
        }
        std::sort(in_text_.begin(), in_text_.end(), [](const auto& a, const auto& b) {
            return a.first.size() != b.first.size() ? a.first.size() > b.first.size() : a.first < b.first;
        });
    }

    void replace(ClientId& client) const
    {
        const auto found = names_.find(client);
        if (found != names_.end()) client = found->second;
    }
    void replace(std::optional<ClientId>& client) const
    {
        if (client) replace(*client);
    }
    /// Wherever an id stands alone; the longest first, and what was put in is not looked at again.
    void replace(std::string& text) const
    {
        std::string out;
        for (std::size_t at = 0; at < text.size();) {
            const auto* hit = find_at(text, at);
            if (hit == nullptr) {
                out += text[at++];
                continue;
            }
            out += hit->second;
            at += hit->first.size();
        }
        text = std::move(out);
    }

private:
    const std::pair<std::string, std::string>* find_at(const std::string& text, std::size_t at) const
    {
        if (at > 0 && is_word(text[at - 1]) && is_word(text[at])) return nullptr;
        for (const auto& entry : in_text_) {
            const std::size_t end = at + entry.first.size();
            if (text.compare(at, entry.first.size(), entry.first) != 0) continue;
            if (end < text.size() && is_word(text[end]) && is_word(text[end - 1])) continue;
            return &entry;
        }
        return nullptr;
    }

    std::map<ClientId, ClientId> names_;
    std::vector<std::pair<std::string, std::string>> in_text_;
};

void replace(const Pseudonyms& names, model::Verdicts& verdicts)
{
    names.replace(verdicts.why_not);
    for (model::Verdict& verdict : verdicts.clients) {
        names.replace(verdict.client);
        for (auto* reasons : {&verdict.reasons, &verdict.against})
            for (model::Reason& reason : *reasons) names.replace(reason.text);
    }
}

void replace(const Pseudonyms& names, RollbackAnswer& answer)
{
    for (model::RollbackCandidate& candidate : answer.rollback.candidates) names.replace(candidate.why);
    for (Onset& onset : answer.onsets) names.replace(onset.client);
    for (Removal& flagged : answer.flagged) names.replace(flagged.client);
    for (Toggle& toggle : answer.sensitivity) names.replace(toggle.client);
    if (!answer.contamination) return;
    for (Removal& removal : answer.contamination->removals) names.replace(removal.client);
    for (std::string& note : answer.contamination->notes) names.replace(note);
}

void replace(const Pseudonyms& names, PrivacyAudit& audit)
{
    for (ClientAudit& client : audit.clients) names.replace(client.client);
    for (RuleResult& rule : audit.rules) {
        names.replace(rule.sentence);
        names.replace(rule.evidence_json);
        for (ClientId& client : rule.clients) names.replace(client);
    }
    for (std::string& assumption : audit.assumptions) names.replace(assumption);
}

}  // namespace

ReportData pseudonymous(const ReportData& original)
{
    const Pseudonyms names(original);
    ReportData data = original;
    for (model::Client& client : data.clients) {
        names.replace(client.id);
        names.replace(client.certificate);
        client.extra_json.clear();
    }
    for (model::Round& round : data.rounds) {
        for (auto* list : {&round.selected, &round.failed})
            for (ClientId& client : *list) names.replace(client);
        names.replace(round.why_not);
    }
    for (model::Update& update : data.updates) {
        if (!update.reference) names.replace(update.client);
        for (std::string* text : {&update.path, &update.reason, &update.state_text}) names.replace(*text);
    }
    for (model::EvidenceFile& file : data.files) {
        names.replace(file.client);
        names.replace(file.path);
        names.replace(file.state);
    }
    for (model::ImportIssue& issue : data.issues) {
        names.replace(issue.file);
        names.replace(issue.text);
    }
    for (model::Finding& finding : data.findings) {
        names.replace(finding.client);
        names.replace(finding.text);
        names.replace(finding.evidence_json);
    }
    for (model::Decision& decision : data.decisions) {
        names.replace(decision.client);
        names.replace(decision.note);
    }
    for (model::CustodyEntry& entry : data.custody) {
        names.replace(entry.subject);
        names.replace(entry.parameters_json);
    }
    if (data.verdicts) replace(names, *data.verdicts);
    if (data.rollback) replace(names, *data.rollback);
    replace(names, data.audit);
    std::map<ClientId, std::map<model::RoundNo, double>> evidence;
    for (auto& [client, rounds] : data.evidence) {
        ClientId named = client;
        names.replace(named);
        evidence.emplace(std::move(named), std::move(rounds));
    }
    data.evidence = std::move(evidence);
    return data;
}

}  // namespace fedsleuth::analysis
