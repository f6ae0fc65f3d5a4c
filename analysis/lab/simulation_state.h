// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/lab/attack.h"
#include "analysis/lab/federation.h"
#include "analysis/lab/simulation.h"
#include "analysis/rules/aggregate.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace fedsleuth::analysis::lab {

/// One client of a running simulation.
struct LabClient {
    model::ClientId id;
    Dataset shard;
    std::optional<std::size_t> plan;  ///< of the attack that it takes part in
    std::size_t attacker_idx = 0;     ///< its number in that plan
    Dataset poisoned;                 ///< what it trains on when it attacks; empty where that takes no data
    bool spent = false;               ///< its one attack is over
    bool straggler = false;
};

/// One attack at work.
struct LabAttack {
    AttackPlan plan;
    std::unique_ptr<Attack> attack;
    Dataset goal;
};

/// A client's part in one round.
struct Participation {
    std::size_t client = 0;
    std::size_t base = 0;  ///< checkpoint that it started from
    double intensity = 0;  ///< of its attack
    double train_loss = 0;
    std::vector<float> own;       ///< what honest training gave
    std::vector<float> poisoned;  ///< what training on poisoned data gave; empty where there was none
    std::vector<float> sent;
};

struct Simulation::State {
    LabOptions options;
    std::shared_ptr<ExampleSource> source;
    std::unique_ptr<Network> network;
    Dataset test;
    Dataset reference;  ///< the server's own clean data; empty where the rule asks for none
    std::vector<LabClient> clients;
    std::vector<LabAttack> attacks;
    LabFederation recorded;
    std::vector<float> previous_step;
    std::map<std::size_t, std::vector<double>> history;  ///< of each client: what it sent so far, summed (FoolsGold)
    std::vector<double> epsilon;  ///< after 1, 2, … rounds, where the federation promises privacy and keeps it
    std::size_t round = 0;        ///< that was trained last

    [[nodiscard]] const std::vector<float>& global() const { return recorded.models.back(); }

    // Setting up (simulation_setup.cpp).
    [[nodiscard]] model::Result<void> prepare();
    void assign_roles();
    [[nodiscard]] model::Result<void> prepare_attacks();
    [[nodiscard]] model::Result<void> account();
    void record_beginning();

    // One round (simulation_round.cpp).
    [[nodiscard]] model::Result<RoundOutcome> step();
    [[nodiscard]] std::vector<Participation> take_part(model::Round& record);
    void train_all(std::vector<Participation>& parts);
    void privatise(std::vector<float>& update, std::size_t client) const;
    void attack_all(std::vector<Participation>& parts);
    [[nodiscard]] std::vector<float> train_reference();
    [[nodiscard]] model::Result<std::vector<double>> combine(const Rows& rows, const std::vector<double>& examples,
                                                             const SideInputs& side) const;
    [[nodiscard]] model::Result<std::vector<float>> aggregate(const std::vector<Participation>& parts,
                                                              const std::vector<float>& server_update);
    void record_updates(const std::vector<Participation>& parts, const std::vector<float>& server_update);
    /// What the tampering server adds before it ships.
    void tamper_with(std::vector<float>& next);
    [[nodiscard]] RoundOutcome evaluate(const std::vector<Participation>& parts, model::Round& record);
};

/// RFC 3339, `seconds` after the simulations' beginning.
[[nodiscard]] std::string lab_time(std::int64_t seconds);
/// When a round starts, in seconds after the beginning.
[[nodiscard]] std::int64_t round_start(const LabOptions& options, std::size_t round);

}  // namespace fedsleuth::analysis::lab
