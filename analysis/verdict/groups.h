// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/verdict/evidence.h"
#include "model/ids.h"

#include <map>
#include <set>
#include <vector>

namespace fedsleuth::analysis {

/// Clients that were in lockstep with each other (the same residual), round by round.
class LockstepGroups {
public:
    explicit LockstepGroups(const std::vector<ScoredRound>& rounds);

    /// A copied client is as identical as its copies. Whoever continued its own past in the round in which the likeness
    /// began, while all others jumped, is the original: there is one in a group, or none (colluders who each jump a
    /// little look like several).
    [[nodiscard]] bool is_original(const model::ClientId& client) const;
    [[nodiscard]] const std::set<model::ClientId>& twins(const model::ClientId& client) const;

    /// Numbers 1, 2, … for those of `accused` that are linked by lockstep, directly or through others of them; a client
    /// without company gets none.
    [[nodiscard]] std::map<model::ClientId, int> number(const std::set<model::ClientId>& accused) const;

private:
    void add(const RoundPatterns& patterns);

    std::map<model::ClientId, std::set<model::ClientId>> twins_;
    std::set<model::ClientId> continued_;
};

}  // namespace fedsleuth::analysis
