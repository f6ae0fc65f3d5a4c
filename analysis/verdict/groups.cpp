// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/verdict/groups.h"

#include <algorithm>

namespace fedsleuth::analysis {

using model::ClientId;

LockstepGroups::LockstepGroups(const std::vector<ScoredRound>& rounds)
{
    for (const ScoredRound& round : rounds) add(round.patterns);
}

const std::set<ClientId>& LockstepGroups::twins(const ClientId& client) const
{
    static const std::set<ClientId> none;
    const auto found = twins_.find(client);
    return found == twins_.end() ? none : found->second;
}

bool LockstepGroups::is_original(const ClientId& client) const
{
    const std::set<ClientId>& others = twins(client);
    return continued_.contains(client) && std::none_of(others.begin(), others.end(), [&](const ClientId& other) {
               return continued_.contains(other);
           });
}

void LockstepGroups::add(const RoundPatterns& patterns)
{
    constexpr double continues = -2;
    constexpr double jumps = -2.5;
    std::map<std::size_t, std::vector<std::size_t>> began;
    for (const auto& [first, second] : patterns.lockstep) {
        const ClientId& one = patterns.clients[first];
        const ClientId& other = patterns.clients[second];
        if (!twins_[one].contains(other)) {
            began[first].push_back(second);
            began[second].push_back(first);
        }
        twins_[one].insert(other);
        twins_[other].insert(one);
    }
    for (const auto& [client_idx, others] : began) {
        const bool all_others_jumped = std::all_of(others.begin(), others.end(), [&](std::size_t other_idx) {
            return patterns.seen[other_idx].own_z <= jumps;
        });
        if (patterns.seen[client_idx].own_z >= continues && all_others_jumped)
            continued_.insert(patterns.clients[client_idx]);
    }
}

std::map<ClientId, int> LockstepGroups::number(const std::set<ClientId>& accused) const
{
    std::map<ClientId, int> numbers;
    std::set<ClientId> visited;
    int next = 1;
    for (const ClientId& client : accused) {
        if (visited.contains(client)) continue;
        std::vector<ClientId> reached{client}, group;
        visited.insert(client);
        while (!reached.empty()) {
            const ClientId current = reached.back();
            reached.pop_back();
            group.push_back(current);
            for (const ClientId& twin : twins(current))
                if (accused.contains(twin) && visited.insert(twin).second) reached.push_back(twin);
        }
        if (group.size() < 2) continue;
        for (const ClientId& member : group) numbers[member] = next;
        ++next;
    }
    return numbers;
}

}  // namespace fedsleuth::analysis
