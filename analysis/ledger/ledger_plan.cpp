// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/ledger/ledger_plan.h"

#include <algorithm>
#include <map>
#include <set>

namespace fedsleuth::analysis {

using model::RoundLedger;
using model::RoundNo;
using model::VectorRef;

std::vector<LedgerPlan> plan_ledgers(const std::vector<model::Update>& updates,
                                     const std::vector<model::Checkpoint>& checkpoints)
{
    std::set<RoundNo> models;
    for (const model::Checkpoint& checkpoint : checkpoints)
        if (checkpoint.usable()) models.insert(checkpoint.round);
    const auto has_step = [&](RoundNo round) { return models.contains(round) && models.contains(round.before()); };

    std::map<RoundNo, std::vector<const model::Update*>> by_round;
    for (const model::Update& update : updates)
        if (update.usable()) by_round[update.round].push_back(&update);

    std::vector<LedgerPlan> plans;
    std::map<model::ClientId, RoundNo> last_seen;
    for (auto& [round, sent] : by_round) {
        LedgerPlan plan;
        plan.round = round;
        std::sort(sent.begin(), sent.end(), [](const auto* a, const auto* b) { return a->client < b->client; });
        for (const model::Update* update : sent) {
            if (update->reference) {
                plan.has_reference = true;
                continue;
            }
            plan.clients.push_back(update->client);
            const auto seen = last_seen.find(update->client);
            plan.own_rounds.push_back(seen == last_seen.end() ? std::nullopt : std::optional(seen->second));
        }
        if (plan.clients.empty()) continue;
        for (const model::ClientId& client : plan.clients) last_seen[client] = round;

        plan.has_model = models.contains(round.before());
        plan.has_shipped = has_step(round);
        const RoundNo oldest{round.value() - static_cast<std::int64_t>(RoundLedger::step_window)};
        for (RoundNo step = round.before(); step >= oldest && step.value() >= 1; step = step.before())
            if (has_step(step)) plan.step_rounds.push_back(step);
        plans.push_back(std::move(plan));
    }
    return plans;
}

LedgerRows ledger_rows_of(const LedgerPlan& plan)
{
    LedgerRows rows;
    rows.clients = plan.clients.size();
    for (const model::ClientId& client : plan.clients)
        rows.refs.push_back({VectorRef::Kind::update, plan.round, client});
    for (const RoundNo step : plan.step_rounds) rows.refs.push_back({VectorRef::Kind::global_step, step, {}});
    rows.steps = plan.step_rounds.size();
    const auto one_more = [&](bool there, VectorRef::Kind kind, RoundNo round, const model::ClientId& client) {
        if (!there) return std::optional<std::size_t>();
        rows.refs.push_back({kind, round, client});
        return std::optional(rows.refs.size() - 1);
    };
    rows.shipped = one_more(plan.has_shipped, VectorRef::Kind::global_step, plan.round, {});
    rows.reference = one_more(plan.has_reference, VectorRef::Kind::reference, plan.round, model::server_client());
    rows.model = one_more(plan.has_model, VectorRef::Kind::checkpoint, plan.round.before(), {});
    rows.own_first = rows.refs.size();
    for (std::size_t client_idx = 0; client_idx < plan.clients.size(); ++client_idx) {
        if (!plan.own_rounds[client_idx]) continue;
        rows.own_of.push_back(client_idx);
        rows.refs.push_back({VectorRef::Kind::update, *plan.own_rounds[client_idx], plan.clients[client_idx]});
    }
    return rows;
}

std::int64_t ledger_rows(const LedgerPlan& plan) { return static_cast<std::int64_t>(ledger_rows_of(plan).refs.size()); }

}  // namespace fedsleuth::analysis
