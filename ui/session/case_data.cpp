// SPDX-License-Identifier: GPL-3.0-or-later
// The look-ups; load_case_data.cpp reads.
#include "ui/session/case_data.h"

#include <algorithm>
#include <set>

namespace fedsleuth::ui {

const model::Verdict* CaseData::verdict(const model::ClientId& client) const
{
    const auto found = verdict_of.find(client);
    return verdicts && found != verdict_of.end() ? &verdicts->clients[found->second] : nullptr;
}

model::VerdictClass CaseData::shown_class(const model::ClientId& client) const
{
    if (const model::Decision* decided = decision(client)) return decided->decided;
    const model::Verdict* found = verdict(client);
    return found ? found->verdict : model::VerdictClass::unknown;
}

const model::Decision* CaseData::decision(const model::ClientId& client) const
{
    const auto found = decision_of.find(client);
    return found != decision_of.end() ? &decisions[found->second] : nullptr;
}

namespace {

analysis::ClientAudit from_claims(const analysis::ClientBudget& claims, const std::optional<double>& budget)
{
    analysis::ClientAudit client;
    client.client = claims.client;
    client.rounds = claims.rounds;
    client.rounds_with_claim = claims.rounds_with_claim;
    client.epsilon_claimed = claims.epsilon_claimed;
    client.series.reserve(claims.series.size());
    for (const auto& [round, epsilon] : claims.series) client.series.push_back({round, epsilon, std::nullopt});
    client.exhausted_in = claims.exhausted_in;
    client.forecast = claims.forecast;
    if (claims.epsilon_claimed && budget && *budget > 0) client.budget_share = *claims.epsilon_claimed / *budget;
    return client;
}

analysis::PrivacyAudit audit_of_claims(const analysis::PrivacyClaims& privacy)
{
    analysis::PrivacyAudit audit;
    audit.declared = privacy.declared;
    audit.delta = privacy.delta;
    audit.budget = privacy.budget;
    audit.clients.reserve(privacy.clients.size());
    for (const analysis::ClientBudget& client : privacy.clients)
        audit.clients.push_back(from_claims(client, privacy.budget));
    return audit;
}

void index_what_updates_report(CaseData& data)
{
    constexpr auto name_of = &model::Metrics::value_type::first;
    std::set<std::string> names;
    const model::Metrics* last = nullptr;
    data.examples_reported = false;
    for (const model::Update& update : data.updates) {
        data.examples_reported |= update.num_examples.has_value();
        // Of a million updates nearly all report what the one before reported.
        if (last && std::ranges::equal(*last, update.metrics, {}, name_of, name_of)) continue;
        last = &update.metrics;
        for (const auto& [name, value] : update.metrics) names.insert(name);
    }
    data.metric_names.assign(names.begin(), names.end());
}

}  // namespace

void index_case_data(CaseData& data)
{
    data.verdict_of.clear();
    data.round_index.clear();
    data.updates_of.clear();
    data.decision_of.clear();
    if (data.verdicts)
        for (std::size_t idx = 0; idx < data.verdicts->clients.size(); ++idx)
            data.verdict_of.emplace(data.verdicts->clients[idx].client, idx);
    for (std::size_t idx = 0; idx < data.rounds.size(); ++idx) data.round_index.emplace(data.rounds[idx].number, idx);
    for (std::size_t idx = 0; idx < data.updates.size(); ++idx)
        data.updates_of[data.updates[idx].client].push_back(static_cast<std::uint32_t>(idx));
    index_what_updates_report(data);
    // A million numbers in a large case: copied here, in a job, and not by each page.
    data.claims_audit =
        data.audit ? nullptr : std::make_shared<const analysis::PrivacyAudit>(audit_of_claims(data.privacy));
    // Oldest first: the newest of a client stays.
    for (std::size_t idx = 0; idx < data.decisions.size(); ++idx) data.decision_of[data.decisions[idx].client] = idx;
}

}  // namespace fedsleuth::ui
