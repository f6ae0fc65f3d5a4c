// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/lab/attack_catalogue.h"
#include "analysis/lab/simulation_state.h"
#include "analysis/privacy/accountant.h"

#include <cblas.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <numeric>

namespace fedsleuth::analysis::lab {

namespace {

std::size_t share_of(std::size_t count, double share)
{
    return static_cast<std::size_t>(std::lround(share * static_cast<double>(count)));
}

/// "site-07", as wide as the largest number.
model::ClientId client_id(std::size_t client_idx, std::size_t clients)
{
    const std::size_t width = std::max<std::size_t>(2, std::to_string(clients - 1).size());
    const std::string number = std::to_string(client_idx);
    return model::ClientId("site-" + std::string(width - number.size(), '0') + number);
}

/// Replaces a share of the labels by others, drawn evenly.
void confuse(Dataset& data, double share, Random& random)
{
    for (std::int32_t& label : data.labels) {
        if (random.uniform() >= share) continue;
        const auto other = static_cast<std::int32_t>(random.below(data.classes - 1));
        label = other + (other >= label ? 1 : 0);
    }
}

}  // namespace

std::string lab_time(std::int64_t seconds)
{
    using namespace std::chrono;
    const sys_seconds time{std::chrono::seconds(lab_beginning + seconds)};
    const sys_days day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss clock(time - day);
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()));
    return text.data();
}

std::int64_t round_start(const LabOptions& options, std::size_t round)
{
    const auto clients = static_cast<std::int64_t>(options.clients);
    return 600 + 7 * clients + static_cast<std::int64_t>(round - 1) * (60 + 2 * clients);
}

model::Result<void> Simulation::State::prepare()
{
    openblas_set_num_threads(1);  // the threads are ours, over clients: small products gain nothing from more
    source = options.examples;
    if (!source && options.data == LabOptions::Data::digits) source = digit_strokes(options.image_side);
    if (!source) source = gaussian_mixture(options.mixture_features, 10, options.mixture_spread, options.seed);
    network = make_network(options.network, source->shape(), source->classes(), options.hidden);
    if (!network) return model::fail(model::ErrorCode::invalid_argument, "convolutions need images", "network");

    Random partitioning(options.seed, {stream::partition});
    const auto counts = partition(options.partition, options.clients, source->classes(), partitioning);
    for (std::size_t client_idx = 0; client_idx < options.clients; ++client_idx) {
        LabClient client;
        client.id = client_id(client_idx, options.clients);
        Random random(options.seed, {stream::data, 1, client_idx});
        client.shard = make_dataset(*source, counts[client_idx], random);
        clients.push_back(std::move(client));
    }
    const std::vector<double> even(source->classes(), 1.0);
    Random testing(options.seed, {stream::test_data});
    test = make_dataset(*source, apportion(options.test_examples, even), testing);
    constexpr std::size_t root_examples = 100;  // FLTrust's root data set (Cao et al. 2021)
    Random serving(options.seed, {stream::server, 0});
    if (options.rule == "fltrust") reference = make_dataset(*source, apportion(root_examples, even), serving);

    assign_roles();
    FEDSLEUTH_CHECK(prepare_attacks());
    FEDSLEUTH_CHECK(account());
    record_beginning();
    constexpr std::size_t probe_examples = 100;
    Random probing(options.seed, {stream::probe});
    recorded.probe = make_dataset(*source, apportion(probe_examples, even), probing);
    recorded.misclassified = {source->shape(), source->classes(), {}, {}};
    return {};
}

void Simulation::State::assign_roles()
{
    std::vector<std::size_t> order(clients.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    Random random(options.seed, {stream::roles});
    random.shuffle(std::span(order));
    std::size_t next = 0;
    for (std::size_t plan_idx = 0; plan_idx < options.attacks.size(); ++plan_idx)
        for (std::size_t attacker_idx = 0; attacker_idx < options.attacks[plan_idx].attackers; ++attacker_idx) {
            LabClient& client = clients[order[next++]];
            client.plan = plan_idx;
            client.attacker_idx = attacker_idx;
        }
    const std::size_t honest_from = next;
    const std::size_t noisy = std::min(clients.size() - next, share_of(clients.size(), options.noisy_clients));
    for (std::size_t count = 0; count < noisy; ++count) {
        LabClient& client = clients[order[next++]];
        Random labels(options.seed, {stream::labels, order[next - 1]});
        confuse(client.shard, options.noisy_labels, labels);
        recorded.truth.unreliable.push_back(client.id);
    }
    // Slow ones are taken from the other end, so that few are noisy as well.
    const std::size_t slow = share_of(clients.size() - honest_from, options.stragglers);
    for (std::size_t count = 0; count < slow; ++count) {
        LabClient& client = clients[order[clients.size() - 1 - count]];
        client.straggler = true;
        recorded.truth.stragglers.push_back(client.id);
    }
    std::sort(recorded.truth.unreliable.begin(), recorded.truth.unreliable.end());
    std::sort(recorded.truth.stragglers.begin(), recorded.truth.stragglers.end());
}

model::Result<void> Simulation::State::prepare_attacks()
{
    for (std::size_t plan_idx = 0; plan_idx < options.attacks.size(); ++plan_idx) {
        LabAttack entry{options.attacks[plan_idx], nullptr, {}};
        FEDSLEUTH_TRY(entry.attack, make_attack(entry.plan, source->shape(), source->classes(),
                                                Random(options.seed, {stream::attack, plan_idx}).next()));
        Random random(options.seed, {stream::attack, plan_idx, 1});
        entry.goal = entry.attack->goal(test, *source, random);
        attacks.push_back(std::move(entry));
    }
    for (std::size_t client_idx = 0; client_idx < clients.size(); ++client_idx) {
        LabClient& client = clients[client_idx];
        if (!client.plan) continue;
        Attack& attack = *attacks[*client.plan].attack;
        Random random(options.seed, {stream::attack, *client.plan, 2, client_idx});
        if (attack.trains_on_poison())
            client.poisoned = attack.poison(client.shard, client.attacker_idx, *source, random);
    }
    return {};
}

model::Result<void> Simulation::State::account()
{
    if (!options.privacy || options.privacy->noise_multiplier <= 0) return {};
    const std::vector<PrivacyEvent> history(
        options.rounds, sampled_gaussian(options.privacy->noise_multiplier, options.participation, 1));
    FEDSLEUTH_TRY(epsilon, epsilon_after_each(history, options.privacy->delta, Accountant::rdp));
    return {};
}

void Simulation::State::record_beginning()
{
    model::Federation& federation = recorded.federation;
    federation.format = "fedsleuth/1";
    federation.name = options.name;
    federation.framework = "fedsleuth-lab";
    federation.framework_version = FEDSLEUTH_VERSION;
    federation.started_at = lab_time(0);
    federation.aggregation.rule = options.rule;
    federation.aggregation.weighted_by = options.weighted ? model::Weighting::num_examples : model::Weighting::equal;
    federation.aggregation.server_learning_rate = options.server_learning_rate;
    federation.aggregation.parameters = options.rule_settings.values;
    federation.layers = network->layers();
    if (options.privacy) {
        model::PrivacyMechanism mechanism;
        mechanism.mechanism = "gaussian";
        mechanism.unit = "client";
        mechanism.where = "client";
        mechanism.clipping_norm = options.privacy->clipping_norm;
        mechanism.noise_multiplier = options.privacy->noise_multiplier;
        mechanism.sampling_rate = options.participation;
        mechanism.steps_per_round = 1.0;
        mechanism.delta = options.privacy->delta;
        if (options.privacy->epsilon_budget > 0) mechanism.epsilon_budget = options.privacy->epsilon_budget;
        federation.privacy = mechanism;
    }
    for (std::size_t client_idx = 0; client_idx < clients.size(); ++client_idx) {
        model::Client client;
        client.id = clients[client_idx].id;
        client.registered = true;
        client.registered_at = lab_time(7 * static_cast<std::int64_t>(client_idx + 1));
        client.num_examples = static_cast<std::int64_t>(clients[client_idx].shard.size());
        recorded.clients.push_back(std::move(client));
    }
    Random random(options.seed, {stream::model});
    recorded.models.push_back(network->initial(random));
    model::Checkpoint first;
    first.path = "checkpoints/r0000.npz";
    first.state = model::SnapshotState::usable;
    recorded.checkpoints.push_back(first);
    for (const AttackPlan& plan : options.attacks) {
        if (plan.attackers == 0) continue;
        const std::string_view label = label_of(plan.attack, plan.settings);
        if (recorded.truth.attack.empty()) recorded.truth.attack = label;
        recorded.truth.backdoor |= label == "backdoor" || label == "model-replacement" || label == "drift";
    }
}

}  // namespace fedsleuth::analysis::lab
