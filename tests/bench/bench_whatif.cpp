// SPDX-License-Identifier: GPL-3.0-or-later
// Rules and what-ifs from a ledger, without a look at the updates: each weight rule at 100 and 1,000 clients, and all
// of them after one client was ticked out. The ledger is that of a crowd with attackers in 4,096 dimensions: what a
// rule does with a ledger depends on n alone, never on the model's size.
#include "analysis/ledger/ledger_builder.h"
#include "analysis/rules/ledger_geometry.h"
#include "analysis/rules/pre_aggregation.h"
#include "analysis/whatif/whatif.h"
#include "bench/bench.h"
#include "support/memory_source.h"

#include <random>

using namespace fedsleuth;
using model::RoundNo;
using model::VectorRef;

namespace {

model::RoundLedger made_ledger(std::size_t n)
{
    constexpr std::int64_t d = 4096;
    std::mt19937 random(2);
    std::normal_distribution<float> normal;
    const auto vector = [&](const std::vector<float>* around) {
        std::vector<float> row(d);
        for (std::size_t k = 0; k < row.size(); ++k) row[k] = normal(random) + (around != nullptr ? (*around)[k] : 0);
        return row;
    };
    const std::vector<float> truth = vector(nullptr), evil = vector(nullptr);
    test::MemorySource source(d);
    analysis::LedgerPlan plan;
    plan.round = RoundNo{2};
    for (std::size_t client_idx = 0; client_idx < n; ++client_idx) {
        plan.clients.emplace_back(std::to_string(client_idx));
        source.put(VectorRef::Kind::update, 2, std::to_string(client_idx),
                   vector(client_idx % 5 == 0 ? &evil : &truth));
    }
    plan.own_rounds.resize(n);
    plan.step_rounds = {RoundNo{1}};
    plan.has_shipped = plan.has_reference = plan.has_model = true;
    source.put(VectorRef::Kind::global_step, 2, "", vector(&truth));
    source.put(VectorRef::Kind::global_step, 1, "", vector(&truth));
    source.put(VectorRef::Kind::reference, 2, "@server", vector(&truth));
    source.put(VectorRef::Kind::checkpoint, 1, "", vector(nullptr));
    model::Layer layer;
    layer.shape = {d};
    std::vector<model::Layer> layers{layer};
    model::lay_out(layers);
    model::Progress progress;
    return *analysis::build_ledger(source, layers, plan, progress);
}

void time_rules(std::size_t n, int repeats, double limit_ms)
{
    const analysis::LedgerRound round = analysis::round_geometry(made_ledger(n), {}, {});
    for (const analysis::WeightRule* rule : analysis::weight_rules())
        bench::within(
            std::string(rule->info().name) + " from a ledger, n = " + std::to_string(n), repeats,
            [&] { (void)analysis::apply_rule(*rule, round.geometry, {}); }, limit_ms);
}

}  // namespace

int main()
{
    time_rules(100, 20, 1);
    time_rules(1000, 5, 150);
    const analysis::WhatIfRound round(made_ledger(100), std::vector<double>(100, 1.0), 1.0);
    analysis::WhatIfQuestion question{.exclude = {model::ClientId{"0"}}};
    for (const analysis::WeightRule* rule : analysis::weight_rules())
        question.rules.push_back({std::string(rule->info().name)});
    bench::within(
        "what-if of " + std::to_string(question.rules.size()) + " weight rules, n = 100, one ticked out", 20,
        [&] { (void)round.ask(question); }, 16);
    return 0;
}
