// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/lab/options.h"
#include "analysis/lab/rows.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace fedsleuth::analysis::lab {

/// What the attackers of one plan know when a round's honest work is done, and what they would send.
struct AttackRound {
    std::size_t round = 0;
    std::span<const float> global;         ///< d: the model that the round started from
    std::span<const float> previous_step;  ///< d: the global step of the round before; empty in round 1
    Rows honest;                           ///< updates of the honest clients that take part
    Rows own;                              ///< what the attackers' own honest training gives, one row each
    Rows poisoned;                         ///< what training on their poisoned data gives; no rows where they have none
    std::vector<std::size_t> honest_clients;  ///< who the honest rows come from
    std::vector<std::size_t> attackers;       ///< which of the plan's attackers the rows belong to
    std::vector<std::size_t> examples;        ///< of each attacker
    std::size_t all_examples = 0;             ///< of everybody who takes part
    double server_learning_rate = 1;
    /// The server's rule on any rows; empty where it can't be applied.
    std::function<std::vector<double>(const Rows&)> aggregate;
};

/// An attack at work in one run. Objects may keep what they saw from round to round.
class Attack {
public:
    virtual ~Attack() = default;

    /// The data that attacker number `attacker_idx` of the plan trains on when it attacks. Called once, before round 1;
    /// only where trains_on_poison().
    [[nodiscard]] virtual Dataset poison(const Dataset& shard, std::size_t attacker_idx, ExampleSource& source,
                                         Random& random);
    [[nodiscard]] virtual bool trains_on_poison() const { return false; }
    /// How an attacker bends its training on poisoned data; `own`: what honest training gave it in this round.
    [[nodiscard]] virtual TrainingBend bend(std::span<const float> previous_step, std::span<const float> own) const;

    /// What each attacker sends, a row each, in double; the caller rounds to float32.
    [[nodiscard]] virtual Rows craft(const AttackRound& round, Random& random) = 0;
    /// Told at the end of every round what each of the plan's attackers that took part sent, attacking or not.
    virtual void sent(std::size_t attacker_idx, std::span<const float> update);

    /// Inputs with the labels that the attacker wants them to get, made from the test set; empty where it wants none.
    [[nodiscard]] virtual Dataset goal(const Dataset& test, ExampleSource& source, Random& random) const;
};

/// The attack of a plan whose settings are complete. Error invalid_argument.
[[nodiscard]] model::Result<std::unique_ptr<Attack>> make_attack(const AttackPlan& plan, const InputShape& shape,
                                                                 std::size_t classes, std::uint64_t seed);

}  // namespace fedsleuth::analysis::lab
