// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/whatif/whatif.h"

#include "analysis/kernels/parallel.h"
#include "analysis/rules/example_weights.h"
#include "analysis/rules/pre_aggregation.h"
#include "analysis/whatif/column_vectors.h"
#include "analysis/whatif/step_space.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace fedsleuth::analysis {
namespace {

using model::ClientId;
using model::RoundLedger;

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

/// All layers as one: what is asked of the whole model only is added up once.
RoundLedger whole_model(const RoundLedger& ledger)
{
    using Layer = RoundLedger::PerLayer;
    RoundLedger whole = ledger;
    whole.layers.clear();
    whole.output_rows.clear();
    Layer& all = whole.layers.emplace_back();
    all.gram = ledger.total_gram();
    for (std::vector<double> Layer::*list :
         {&Layer::step_products, &Layer::step_squares, &Layer::shipped_products, &Layer::reference_products,
          &Layer::model_products, &Layer::median_products, &Layer::median_steps})
        all.*list = ledger.total(list);
    for (double Layer::*number : {&Layer::shipped_square, &Layer::reference_square, &Layer::model_square,
                                  &Layer::median_square, &Layer::median_shipped})
        all.*number = ledger.total(number);
    return whole;
}

std::vector<bool> flags_of(const std::vector<ClientId>& clients, const std::vector<ClientId>& flagged)
{
    std::vector<bool> flags;
    for (const ClientId& client : clients)
        flags.push_back(std::find(flagged.begin(), flagged.end(), client) != flagged.end());
    return flags;
}

double share_of_flagged(const std::vector<double>& weights, const std::vector<bool>& flagged)
{
    double all = 0, theirs = 0;
    for (std::size_t client_idx = 0; client_idx < weights.size(); ++client_idx) {
        all += std::abs(weights[client_idx]);
        if (flagged[client_idx]) theirs += std::abs(weights[client_idx]);
    }
    return all > 0 ? theirs / all : unknown;
}

/// What a weight rule says, without its place among the others.
void ask_weights(const WeightRule& rule, const RoundGeometry& geometry, const RuleSettings& settings,
                 RuleAnswer& outcome, Step& step)
{
    auto told = apply_rule(rule, geometry, settings);
    if (!told) {
        outcome.refusal = told.error().message;
        return;
    }
    outcome.weights = told->weights;
    outcome.selected = std::move(told->selected);
    outcome.notes = std::move(told->notes);
    if (told->noise_deviation != 0) outcome.notes.emplace_back("Shown without the noise that the rule would add.");
    step.known = true;
    step.weights = std::move(told->weights);
    step.previous = told->previous_weight;
}

/// The median of everybody, which the ledger knows.
ColumnVector median_of_all(const RoundLedger& whole, AskedRule asked)
{
    const RoundLedger::PerLayer& layer = whole.layers.front();
    ColumnVector vector;
    vector.asked = std::move(asked);
    vector.products = layer.median_products;
    vector.others = {layer.median_square};
    vector.shipped = layer.median_shipped;
    vector.previous = layer.median_steps.empty() ? 0 : layer.median_steps.front();
    return vector;
}

/// Example-weighted mean of those that are not flagged; nothing where nobody is left.
Step mean_of_unflagged(const RoundGeometry& geometry, const std::vector<bool>& flagged)
{
    Step step;
    std::vector<std::size_t> honest;
    for (std::size_t client_idx = 0; client_idx < geometry.n; ++client_idx)
        if (!flagged[client_idx]) honest.push_back(client_idx);
    if (honest.empty()) return step;
    auto weights = example_weights(geometry, honest, "mean");
    if (!weights) return step;
    step.known = true;
    step.weights = std::move(*weights);
    return step;
}

}  // namespace

bool same_question(const AskedRule& a, const AskedRule& b)
{
    const auto same_pre = [](const PreSettings& x, const PreSettings& y) {
        return x.name == y.name && x.values == y.values;
    };
    return a.rule == b.rule && a.settings.values == b.settings.values && a.settings.variant == b.settings.variant &&
           a.settings.seed == b.settings.seed &&
           std::equal(a.settings.pre.begin(), a.settings.pre.end(), b.settings.pre.begin(), b.settings.pre.end(),
                      same_pre);
}

std::vector<double> ledger_examples(const RoundLedger& ledger, std::span<const model::Update> updates,
                                    model::Weighting weighting)
{
    const std::vector<double> equal(ledger.size(), 1.0);
    if (weighting != model::Weighting::num_examples) return equal;
    std::map<ClientId, double> counts;
    for (const model::Update& update : updates)
        if (update.round == ledger.round && !update.reference && update.num_examples)
            counts[update.client] = static_cast<double>(*update.num_examples);
    std::vector<double> examples;
    double sum = 0;
    for (const ClientId& client : ledger.clients) {
        const auto count = counts.find(client);
        if (count == counts.end() || count->second < 0) return equal;
        examples.push_back(count->second);
        sum += count->second;
    }
    return sum > 0 ? examples : equal;
}

WhatIfRound::WhatIfRound(const RoundLedger& ledger, std::vector<double> num_examples, double server_learning_rate)
    : whole_(whole_model(ledger)), num_examples_(std::move(num_examples)), learning_rate_(server_learning_rate)
{
}

LedgerRound WhatIfRound::remaining(std::span<const ClientId> exclude) const
{
    return round_geometry(whole_, num_examples_, exclude);
}

bool WhatIfRound::has_previous() const
{
    return !whole_.step_rounds.empty() && whole_.step_rounds.front() == whole_.round.before();
}

WhatIf WhatIfRound::ask(const WhatIfQuestion& question, const ColumnVectors* columns) const
{
    LedgerRound who = remaining(question.exclude);
    who.geometry.hurried = true;
    WhatIf answer;
    answer.round = whole_.round;
    answer.clients = who.clients;
    answer.flagged = flags_of(who.clients, question.flagged);

    ColumnVectors kept;
    if (columns != nullptr && columns->clients == who.clients) kept = *columns;
    if (columns != nullptr) kept.previous_shipped = columns->previous_shipped;
    if (kept.vectors.empty() && who.clients.size() == whole_.size())
        for (const AskedRule& asked : question.rules)
            if (asked.rule == "median" && asked.settings.pre.empty() && kept.vectors.empty())
                kept.vectors.push_back(median_of_all(whole_, asked));

    std::vector<Step> steps(question.rules.size());
    answer.rules.resize(question.rules.size());
    parallel_for(question.rules.size(), hardware_threads(), [&](std::size_t rule_idx) {
        const AskedRule& asked = question.rules[rule_idx];
        RuleAnswer& outcome = answer.rules[rule_idx];
        Step& step = steps[rule_idx];
        outcome.rule = outcome.title = asked.rule;
        outcome.flagged_share = unknown;
        if (const WeightRule* rule = find_weight_rule(asked.rule)) {
            outcome.title = rule->info().title;
            ask_weights(*rule, who.geometry, asked.settings, outcome, step);
            if (outcome.refusal.empty()) outcome.flagged_share = share_of_flagged(outcome.weights, answer.flagged);
        } else if (const ColumnRule* columnwise = find_column_rule(asked.rule)) {
            outcome.title = columnwise->info().title;
            outcome.by_weights = false;
            const ColumnVector* vector = kept.find(asked);
            outcome.waiting = vector == nullptr;
            if (vector == nullptr) return;
            outcome.refusal = vector->refusal;
            outcome.selected = vector->selected;
            outcome.notes = vector->notes;
            step.known = vector->refusal.empty();
            step.column = static_cast<std::size_t>(vector - kept.vectors.data());
        } else {
            outcome.refusal = "There is no rule of this name.";
        }
    });
    StepSpace space(whole_, who, kept, has_previous());
    space.place(std::move(steps), mean_of_unflagged(who.geometry, answer.flagged), learning_rate_);
    answer.shipped_norm = space.norm(space.shipped());
    answer.unflagged_norm = space.norm(space.unflagged());
    for (std::size_t rule_idx = 0; rule_idx < answer.rules.size(); ++rule_idx) {
        RuleAnswer& outcome = answer.rules[rule_idx];
        outcome.norm = space.norm(rule_idx);
        outcome.to_shipped = space.gap(rule_idx, space.shipped());
        outcome.to_unflagged = space.gap(rule_idx, space.unflagged());
        for (std::size_t other_idx = 0; other_idx < answer.rules.size(); ++other_idx)
            answer.gaps.push_back(space.gap(rule_idx, other_idx));
    }
    return answer;
}

std::vector<AskedRule> every_rule()
{
    std::vector<AskedRule> rules;
    for (const WeightRule* rule : weight_rules()) rules.push_back({std::string(rule->info().name)});
    for (const ColumnRule* rule : column_rules()) rules.push_back({std::string(rule->info().name)});
    return rules;
}

}  // namespace fedsleuth::analysis
