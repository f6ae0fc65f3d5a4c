// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/rollback/round_plan.h"

#include "model/text.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

namespace fedsleuth::analysis {

using model::ErrorCode;
using model::RoundNo;

namespace {

using ByRound = std::map<RoundNo, std::vector<const model::Update*>>;

std::string number_of(RoundNo round) { return std::to_string(round.value()); }

bool is_removed(const CounterfactualOptions& options, const model::ClientId& client, RoundNo round)
{
    return std::any_of(options.removals.begin(), options.removals.end(),
                       [&](const Removal& removal) { return removal.client == client && removal.since <= round; });
}

struct Doors {
    model::CaseStore& store;
    model::UpdateSource& source;
    model::Progress& progress;
};

/// What each removed client did alone: for a weighted mean w_i (D_i − mean of the rest), which add up to the whole;
/// else what the rule gives less what it gives without that client.
model::Result<void> plan_parts(const model::Federation& federation, const CounterfactualOptions& options, Doors doors,
                               PlannedRound& round)
{
    std::vector<std::size_t> everybody(round.cast.size());
    std::iota(everybody.begin(), everybody.end(), std::size_t{0});
    FEDSLEUTH_TRY(const RoundRule all,
                  RoundRule::make(federation, {}, round.cast, everybody, doors.store, doors.source, doors.progress));
    const std::vector<double>& weights = all.weights();
    const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
    const bool linear = federation.aggregation.rule == "fedavg" && total > 0;
    const std::size_t parts = std::min(options.removals.size(), parts_limit);
    round.without.resize(parts);
    round.parts.resize(parts);
    for (std::size_t removal_idx = 0; removal_idx < parts; ++removal_idx) {
        const Removal& removal = options.removals[removal_idx];
        const auto place = std::find(round.cast.clients.begin(), round.cast.clients.end(), removal.client);
        if (removal.since > round.round || place == round.cast.clients.end()) continue;
        const auto client_idx = static_cast<std::size_t>(place - round.cast.clients.begin());
        if (linear) {
            const double weight = weights[client_idx];
            round.parts[removal_idx] = {client_idx, weight / total,
                                        weight * federation.aggregation.server_learning_rate};
            continue;
        }
        std::vector<std::size_t> members = everybody;
        members.erase(members.begin() + static_cast<std::ptrdiff_t>(client_idx));
        auto rule =
            RoundRule::make(federation, {}, round.cast, std::move(members), doors.store, doors.source, doors.progress);
        if (rule) round.without[removal_idx] = std::move(*rule);
    }
    return {};
}

model::Result<void> plan_rules(const model::Federation& federation, const CounterfactualOptions& options, Doors doors,
                               PlannedRound& round, ReplayPlan& plan)
{
    std::vector<std::size_t> everybody(round.cast.size()), rest;
    std::iota(everybody.begin(), everybody.end(), std::size_t{0});
    for (const std::size_t client_idx : everybody)
        if (!is_removed(options, round.cast.clients[client_idx], round.round)) rest.push_back(client_idx);
    const bool fewer = rest.size() < everybody.size();
    round.changed = options.rule || fewer || round.tampered;
    if (!round.changed && round.shipped) return {};
    if (everybody.empty()) {
        if (!round.shipped) round.stands_still = true;
        round.changed = false;
        plan.not_redone.push_back(round.round);
        return {};
    }
    auto rule = RoundRule::make(federation, options.rule, round.cast, rest, doors.store, doors.source, doors.progress);
    if (rule) {
        for (const std::string& note : rule->notes())
            plan.notes.push_back("Round " + number_of(round.round) + ": " + note);
        round.rest = std::move(*rule);
    } else if (rule.error().code == ErrorCode::not_applicable) {
        round.stands_still = true;
        plan.not_redone.push_back(round.round);
        plan.notes.push_back("Round " + number_of(round.round) + " makes no step: " + rule.error().text() + ".");
    } else {
        return model::pass_on(std::move(rule.error()));
    }
    if (!options.rule && fewer && !round.tampered) {
        FEDSLEUTH_TRY(round.everybody, RoundRule::make(federation, {}, round.cast, everybody, doors.store, doors.source,
                                                       doors.progress));
    }
    if (options.parts && !options.rule && fewer) FEDSLEUTH_CHECK(plan_parts(federation, options, doors, round));
    if (fewer && !round.cast.complete)
        plan.notes.push_back("Round " + number_of(round.round) +
                             ": an update of that round can't be read; if the server used it, what it added counts as "
                             "injected.");
    return {};
}

}  // namespace

model::Result<ReplayPlan> plan_replay(model::CaseStore& store, model::UpdateSource& source,
                                      const CounterfactualOptions& asked, model::Progress& progress)
{
    FEDSLEUTH_TRY(const model::Federation federation, store.federation());
    CounterfactualOptions options = asked;
    if (options.rule)  // the declared rule by its name is the declared rule
        if (const auto declared = declared_rule(federation);
            declared && declared->name == options.rule->name &&
            declared->settings.values == options.rule->settings.values &&
            declared->settings.variant == options.rule->settings.variant && options.rule->settings.pre.empty())
            options.rule.reset();
    FEDSLEUTH_TRY(const std::vector<model::Update> updates, store.updates());
    FEDSLEUTH_TRY(const std::vector<model::Checkpoint> checkpoints, store.checkpoints());
    std::set<RoundNo> usable, numbers;
    for (const model::Checkpoint& checkpoint : checkpoints)
        if (checkpoint.usable()) usable.insert(checkpoint.round);
    if (usable.empty())
        return model::fail(ErrorCode::not_found, "The case holds no checkpoint that can be used", {},
                           "a replay starts from one");
    ReplayPlan plan;
    plan.first = *usable.begin();
    plan.from = asked.from.value_or(plan.first);
    if (!usable.contains(plan.from))
        return model::fail(ErrorCode::not_found, "There is no usable checkpoint of round " + number_of(plan.from), {},
                           "rollback lists those that there are");
    ByRound by_round;
    for (const model::Update& update : updates) by_round[update.round].push_back(&update);
    for (const RoundNo round : usable)
        if (round > plan.first) numbers.insert(round);
    for (const auto& [round, sent] : by_round)
        if (round > plan.first) numbers.insert(round);

    for (const RoundNo number : numbers) {
        if (progress.stopped()) return model::fail(ErrorCode::cancelled, "The replay was stopped");
        PlannedRound round;
        round.round = number;
        round.shipped = usable.contains(number) && usable.contains(number.before());
        round.follows = !plan.rounds.empty() && plan.rounds.back().round == number.before();
        const bool after = number > plan.from;
        if (!after) plan.begin = plan.rounds.size() + 1;
        if (after) {
            round.cast = round_cast(federation, number, by_round[number]);
            round.tampered = round.shipped && std::find(options.tampered.begin(), options.tampered.end(), number) !=
                                                  options.tampered.end();
            FEDSLEUTH_CHECK(plan_rules(federation, options, {store, source, progress}, round, plan));
        }
        plan.rounds.push_back(std::move(round));
    }
    plan.active = plan.begin;
    while (plan.active < plan.rounds.size() && !plan.rounds[plan.active].changed && plan.rounds[plan.active].shipped)
        ++plan.active;
    return plan;
}

}  // namespace fedsleuth::analysis
