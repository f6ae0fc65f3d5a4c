// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/kernels/parallel.h"
#include "analysis/lab/attack_catalogue.h"
#include "analysis/lab/attacks/crafting.h"
#include "analysis/lab/simulation_state.h"

#include <algorithm>
#include <cmath>

namespace fedsleuth::analysis::lab {

namespace {

std::vector<float> difference(std::span<const float> after, std::span<const float> before)
{
    std::vector<float> result(after.size());
    for (std::size_t coord_idx = 0; coord_idx < result.size(); ++coord_idx)
        result[coord_idx] = after[coord_idx] - before[coord_idx];
    return result;
}

std::int64_t count_non_finite(std::span<const float> values)
{
    return std::count_if(values.begin(), values.end(), [](float value) { return !std::isfinite(value); });
}

std::string numbered(const char* folder, std::size_t round, const std::string& rest)
{
    std::string number = std::to_string(round);
    if (number.size() < 4) number.insert(0, 4 - number.size(), '0');
    return folder + number + rest;
}

/// Pulls every row `share` of the way to the honest mean, then into the median honest length.
void hide(Rows& rows, const Rows& honest, double share)
{
    if (honest.n == 0) return;
    const std::vector<double> mean = mean_of(honest);
    const double longest = median_norm(honest);
    for (std::size_t row_idx = 0; row_idx < rows.n; ++row_idx) {
        const std::span<double> row = rows[row_idx];
        for (std::size_t coord_idx = 0; coord_idx < row.size(); ++coord_idx)
            row[coord_idx] += share * (mean[coord_idx] - row[coord_idx]);
        const double length = norm_of(row);
        if (length > longest)
            for (double& value : row) value *= longest / length;
    }
}

/// The share of a data set that was answered as its labels say.
double share_right(const std::vector<std::int32_t>& answers, const Dataset& data)
{
    if (data.size() == 0) return 0;
    std::size_t right = 0;
    for (std::size_t example_idx = 0; example_idx < data.size(); ++example_idx)
        right += answers[example_idx] == data.labels[example_idx] ? 1 : 0;
    return static_cast<double>(right) / static_cast<double>(data.size());
}

}  // namespace

std::vector<Participation> Simulation::State::take_part(model::Round& record)
{
    Random random(options.seed, {stream::selection, round});
    const auto asked = std::clamp<std::size_t>(
        static_cast<std::size_t>(std::lround(options.participation * static_cast<double>(clients.size()))), 2,
        clients.size());
    std::vector<Participation> parts;
    for (const std::size_t client_idx : random.choose(clients.size(), asked)) {
        LabClient& client = clients[client_idx];
        record.selected.push_back(client.id);
        // Drawn for everybody, so that one option does not change what another draws.
        const double fails = random.uniform(), slow = random.uniform();
        const std::size_t behind = 1 + random.below(std::max<std::size_t>(1, options.staleness));
        if (fails < options.dropout) {
            record.failed.push_back(client.id);
            continue;
        }
        Participation part;
        part.client = client_idx;
        part.base = round - 1;
        if (client.straggler && slow < 0.5) part.base -= std::min(behind, part.base);
        if (client.plan) {
            const Schedule& schedule = attacks[*client.plan].plan.schedule;
            part.intensity = client.spent ? 0 : schedule.intensity(round);
            if (part.intensity > 0 && schedule.kind == Schedule::Kind::once) client.spent = true;
        }
        parts.push_back(std::move(part));
    }
    return parts;
}

void Simulation::State::train_all(std::vector<Participation>& parts)
{
    parallel_for(parts.size(), options.threads, [&](std::size_t part_idx) {
        Participation& part = parts[part_idx];
        const LabClient& client = clients[part.client];
        const std::vector<float>& base = recorded.models[part.base];
        const std::unique_ptr<Network> own_network = network->copy();
        Random random(options.seed, {stream::training, round, part.client, 0});
        TrainingResult honest = train(*own_network, base, client.shard, options.training, {}, random);
        part.own = difference(honest.weights, base);
        part.train_loss = honest.loss;
        if (part.intensity > 0 && client.poisoned.size() > 0) {
            const TrainingBend bend = attacks[*client.plan].attack->bend(previous_step, part.own);
            Random again(options.seed, {stream::training, round, part.client, 1});
            const TrainingResult bad = train(*own_network, base, client.poisoned, options.training, bend, again);
            part.poisoned = difference(bad.weights, base);
        }
        if (options.privacy) privatise(part.own, part.client);
    });
}

void Simulation::State::privatise(std::vector<float>& update, std::size_t client) const
{
    double square = 0;
    for (const float value : update) square += static_cast<double>(value) * value;
    const double clip = options.privacy->clipping_norm;
    const double scale = square > clip * clip ? clip / std::sqrt(square) : 1;
    const double sigma = clip * options.privacy->noise_multiplier;
    Random random(options.seed, {stream::noise, round, client});
    for (float& value : update) value = static_cast<float>(scale * value + sigma * random.normal());
}

void Simulation::State::attack_all(std::vector<Participation>& parts)
{
    AttackRound seen;
    seen.round = round;
    seen.global = global();
    seen.previous_step = previous_step;
    seen.server_learning_rate = options.server_learning_rate;
    // What an attacker can try at home: without the server's own data and without anybody's past.
    seen.aggregate = [this](const Rows& rows) {
        const std::vector<double> model(global().begin(), global().end()),
            previous(previous_step.begin(), previous_step.end());
        return combine(rows, std::vector<double>(rows.n, 1.0), {{}, {}, previous, model})
            .value_or(std::vector<double>());
    };
    for (const Participation& part : parts) {
        seen.all_examples += clients[part.client].shard.size();
        if (part.intensity > 0) continue;
        seen.honest.add(std::span<const float>(part.own));
        seen.honest_clients.push_back(part.client);
    }
    for (Participation& part : parts) part.sent = part.own;
    for (std::size_t plan_idx = 0; plan_idx < attacks.size(); ++plan_idx) {
        AttackRound view = seen;
        std::vector<Participation*> attackers;
        for (Participation& part : parts) {
            if (part.intensity <= 0 || clients[part.client].plan != plan_idx) continue;
            attackers.push_back(&part);
            view.attackers.push_back(clients[part.client].attacker_idx);
            view.examples.push_back(clients[part.client].shard.size());
            view.own.add(std::span<const float>(part.own));
            if (!part.poisoned.empty()) view.poisoned.add(std::span<const float>(part.poisoned));
        }
        if (!attackers.empty()) {
            Random random(options.seed, {stream::attack, plan_idx, 3, round});
            Rows crafted = attacks[plan_idx].attack->craft(view, random);
            if (attacks[plan_idx].plan.stealth > 0) hide(crafted, view.honest, attacks[plan_idx].plan.stealth);
            for (std::size_t row_idx = 0; row_idx < attackers.size(); ++row_idx) {
                Participation& part = *attackers[row_idx];
                const double g = part.intensity;
                for (std::size_t coord_idx = 0; coord_idx < crafted.d; ++coord_idx)
                    part.sent[coord_idx] =
                        static_cast<float>((1 - g) * part.own[coord_idx] + g * crafted[row_idx][coord_idx]);
            }
        }
        for (const Participation& part : parts)
            if (clients[part.client].plan == plan_idx)
                attacks[plan_idx].attack->sent(clients[part.client].attacker_idx, part.sent);
    }
}

std::vector<float> Simulation::State::train_reference()
{
    if (reference.size() == 0) return {};
    Random random(options.seed, {stream::server, 1, round});
    const TrainingResult trained = train(*network, global(), reference, options.training, {}, random);
    return difference(trained.weights, global());
}

model::Result<std::vector<double>> Simulation::State::combine(const Rows& rows, const std::vector<double>& examples,
                                                              const SideInputs& side) const
{
    std::vector<double> step(rows.d, 0.0);
    if (options.rule == "fedavg" && options.rule_settings.pre.empty()) {  // the usual case, without a Gram matrix
        double total = 0;
        for (const double count : examples) total += count;
        for (std::size_t row_idx = 0; row_idx < rows.n; ++row_idx)
            for (std::size_t coord_idx = 0; coord_idx < rows.d; ++coord_idx)
                step[coord_idx] += examples[row_idx] / total * rows[row_idx][coord_idx];
        return step;
    }
    FEDSLEUTH_TRY(Aggregate result,
                  aggregate_matrix(options.rule, rows.values, rows.n, rows.d, examples, options.rule_settings, side));
    return std::move(result.vector);
}

model::Result<std::vector<float>> Simulation::State::aggregate(const std::vector<Participation>& parts,
                                                               const std::vector<float>& server_update)
{
    Rows rows, past;
    std::vector<double> examples;
    for (const Participation& part : parts) {
        if (count_non_finite(part.sent) > 0) continue;
        rows.add(std::span<const float>(part.sent));
        examples.push_back(options.weighted ? static_cast<double>(clients[part.client].shard.size()) : 1.0);
        if (options.rule != "foolsgold") continue;
        std::vector<double>& sum = history[part.client];
        sum.resize(part.sent.size());
        for (std::size_t coord_idx = 0; coord_idx < sum.size(); ++coord_idx) sum[coord_idx] += part.sent[coord_idx];
        past.add(std::span<const double>(sum));
    }
    std::vector<float> next = global();
    if (rows.n == 0) return next;  // nothing came that could be used: the model stays
    const std::vector<double> reference(server_update.begin(), server_update.end()), model(next.begin(), next.end()),
        previous(previous_step.begin(), previous_step.end());
    FEDSLEUTH_TRY(const std::vector<double> step, combine(rows, examples, {reference, past.values, previous, model}));
    for (std::size_t coord_idx = 0; coord_idx < next.size(); ++coord_idx)
        next[coord_idx] = static_cast<float>(next[coord_idx] + options.server_learning_rate * step[coord_idx]);
    return next;
}

void Simulation::State::record_updates(const std::vector<Participation>& parts, const std::vector<float>& server_update)
{
    const std::int64_t start = round_start(options, round);
    const auto add = [&](model::Update update, const std::vector<float>& values) {
        update.round = model::RoundNo(static_cast<std::int64_t>(round));
        update.path = numbered("updates/r", round, "-" + update.client.text() + ".npz");
        update.non_finite_count = count_non_finite(values);
        update.state = model::SnapshotState::usable;
        if (update.non_finite_count > 0) {
            update.state = model::SnapshotState::non_finite;
            update.state_text = std::to_string(update.non_finite_count) + " values are not finite";
            update.accepted = false;
            update.reason = "not finite";
        }
        recorded.updates.push_back(std::move(update));
        recorded.deltas.push_back(values);
    };
    if (!server_update.empty()) {
        model::Update update;
        update.client = model::server_client();
        update.reference = true;
        update.received_at = lab_time(start);
        update.num_examples = static_cast<std::int64_t>(reference.size());
        add(std::move(update), server_update);
    }
    std::int64_t received = 0;
    for (const Participation& part : parts) {
        const LabClient& client = clients[part.client];
        model::Update update;
        update.client = client.id;
        update.received_at = lab_time(start + 10 + 2 * received++);
        update.num_examples = static_cast<std::int64_t>(client.shard.size());
        update.metrics["train_loss"] = part.train_loss;
        if (part.base + 1 != round) update.base_round = model::RoundNo(static_cast<std::int64_t>(part.base));
        if (options.privacy) {
            model::PrivacyClaim claim;
            claim.delta = options.privacy->delta;
            claim.noise_multiplier = options.privacy->noise_multiplier;
            claim.clipping_norm = options.privacy->clipping_norm;
            claim.sampling_rate = options.participation;
            claim.steps = 1.0;
            if (round <= epsilon.size()) {
                claim.epsilon = epsilon[round - 1];
                claim.accountant = "rdp";
            }
            update.privacy = claim;
        }
        if (part.intensity > 0) {
            LabTruth& truth = recorded.truth;
            const AttackPlan& plan = attacks[*client.plan].plan;
            truth.malicious[client.id].push_back(model::RoundNo(static_cast<std::int64_t>(round)));
            truth.attack_of[client.id] = label_of(plan.attack, plan.settings);
            truth.simulated[client.id] = plan.attack;
        }
        add(std::move(update), part.sent);
    }
}

void Simulation::State::tamper_with(std::vector<float>& next)
{
    Random random(options.seed, {stream::tampering});
    std::vector<double> added(next.size());
    for (double& value : added) value = random.normal();
    const std::vector<float> shift = difference(next, global());
    const std::vector<double> step(shift.begin(), shift.end());
    const double scale = options.tampering * norm_of(step) / norm_of(added);
    for (std::size_t k = 0; k < next.size(); ++k)
        next[k] = static_cast<float>(static_cast<double>(next[k]) + scale * added[k]);
    recorded.truth.tampered.emplace_back(static_cast<std::int64_t>(round));
}

RoundOutcome Simulation::State::evaluate(const std::vector<Participation>& parts, model::Round& record)
{
    RoundOutcome outcome;
    outcome.round = round;
    outcome.received = parts.size();
    for (const Participation& part : parts) outcome.poisoned += part.intensity > 0 ? 1 : 0;
    outcome.accuracy = share_right(network->predict(global(), test.inputs), test);
    outcome.loss = network->loss(global(), test.inputs, test.labels);
    bool hit = false;
    for (const LabAttack& attack : attacks) {
        if (attack.goal.size() == 0) continue;
        const std::vector<std::int32_t> answers = network->predict(global(), attack.goal.inputs);
        outcome.attack_success = std::max(outcome.attack_success, share_right(answers, attack.goal));
        for (std::size_t idx = 0; !hit && !recorded.truth.malicious.empty() && idx < answers.size(); ++idx) {
            if (answers[idx] != attack.goal.labels[idx]) continue;
            recorded.misclassified = {test.shape, test.classes, {}, {}};
            recorded.misclassified.add(attack.goal.input(idx), answers[idx]);
            hit = true;
        }
    }
    record.metrics["accuracy"] = outcome.accuracy;
    record.metrics["loss"] = outcome.loss;
    recorded.truth.attack_success.push_back(outcome.attack_success);
    return outcome;
}

model::Result<RoundOutcome> Simulation::State::step()
{
    ++round;
    model::Round record;
    record.number = model::RoundNo(static_cast<std::int64_t>(round));
    std::vector<Participation> parts = take_part(record);
    train_all(parts);
    attack_all(parts);
    const std::vector<float> server_update = train_reference();
    FEDSLEUTH_TRY(std::vector<float> next, aggregate(parts, server_update));
    record_updates(parts, server_update);
    if (round == options.tampered_round) tamper_with(next);
    previous_step = difference(next, global());
    recorded.models.push_back(std::move(next));

    model::Checkpoint checkpoint;
    checkpoint.round = record.number;
    checkpoint.path = numbered("checkpoints/r", round, ".npz");
    checkpoint.non_finite_count = count_non_finite(global());
    checkpoint.state =
        checkpoint.non_finite_count > 0 ? model::SnapshotState::non_finite : model::SnapshotState::usable;
    recorded.checkpoints.push_back(checkpoint);

    const RoundOutcome outcome = evaluate(parts, record);
    const std::int64_t start = round_start(options, round);
    record.started_at = lab_time(start);
    record.finished_at = lab_time(start + 20 + 2 * static_cast<std::int64_t>(options.clients));
    recorded.rounds.push_back(std::move(record));
    if (recorded.truth.malicious.empty()) recorded.truth.last_clean_checkpoint = checkpoint.round;
    return outcome;
}

}  // namespace fedsleuth::analysis::lab
