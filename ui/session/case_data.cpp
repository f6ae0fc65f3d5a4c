// SPDX-License-Identifier: GPL-3.0-or-later
// The look-ups; load_case_data.cpp reads.
#include "ui/session/case_data.h"

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
    // Oldest first: the newest of a client stays.
    for (std::size_t idx = 0; idx < data.decisions.size(); ++idx) data.decision_of[data.decisions[idx].client] = idx;
}

}  // namespace fedsleuth::ui
