// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/analyse.h"
#include "analysis/lab/attack_catalogue.h"
#include "analysis/lab/lab_case.h"
#include "analysis/lab/rows.h"
#include "analysis/lab/simulation.h"
#include "analysis/rules/aggregate.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <QTest>
#include <set>

using namespace fedsleuth;
using namespace fedsleuth::analysis;
using namespace fedsleuth::analysis::lab;

namespace {

LabFederation simulated(const LabOptions& options)
{
    model::Progress progress;
    model::Result<LabFederation> federation = simulate(options, progress);
    if (!federation) qFatal("%s", federation.error().text().c_str());
    return std::move(*federation);
}

AttackPlan plan_of(const std::string& attack, std::size_t attackers, std::size_t onset = 1)
{
    AttackPlan plan;
    plan.attack = attack;
    plan.attackers = attackers;
    plan.schedule.onset = onset;
    plan.schedule.kind = find_attack(attack)->usual;
    return plan;
}

LabOptions small_options()
{
    LabOptions options;
    options.clients = 10;
    options.rounds = 6;
    options.partition.examples_per_client = 40;
    options.test_examples = 200;
    return options;
}

double final_accuracy(const LabFederation& federation) { return federation.rounds.back().metrics.at("accuracy"); }

bool same_bits(const std::vector<std::vector<float>>& a, const std::vector<std::vector<float>>& b)
{
    if (a.size() != b.size()) return false;
    for (std::size_t row_idx = 0; row_idx < a.size(); ++row_idx)
        if (a[row_idx].size() != b[row_idx].size() ||
            std::memcmp(a[row_idx].data(), b[row_idx].data(), a[row_idx].size() * sizeof(float)) != 0)
            return false;
    return true;
}

}  // namespace

Q_DECLARE_METATYPE(fedsleuth::analysis::lab::NetworkKind)
Q_DECLARE_METATYPE(fedsleuth::analysis::lab::PartitionOptions::Kind)

class TestLab : public QObject {
    Q_OBJECT

private slots:
    void random_numbers_have_their_moments()
    {
        Random random(7, {1});
        constexpr int count = 100'000;
        double normal = 0, square = 0, gamma = 0;
        for (int draw = 0; draw < count; ++draw) {
            const double value = random.normal();
            normal += value;
            square += value * value;
            gamma += random.gamma(0.3);
        }
        // Standard errors: 1/√n, √2/√n, √0.3/√n; five of them.
        QVERIFY(std::abs(normal / count) < 5 / std::sqrt(count));
        QVERIFY(std::abs(square / count - 1) < 5 * std::sqrt(2.0 / count));
        QVERIFY(std::abs(gamma / count - 0.3) < 5 * std::sqrt(0.3 / count));
        // Shares of Dirichlet(α) have mean 1/k and variance (k − 1) / (k² (k α + 1)).
        double second = 0;
        for (int draw = 0; draw < 20'000; ++draw) {
            const std::vector<double> point = random.dirichlet(5, 0.5);
            QVERIFY(std::abs(std::accumulate(point.begin(), point.end(), 0.0) - 1) < 1e-12);
            second += (point[2] - 0.2) * (point[2] - 0.2);
        }
        const double variance = 4.0 / (25.0 * 3.5);
        QVERIFY(std::abs(second / 20'000 - variance) < 0.05 * variance);
    }

    void streams_are_independent_of_each_other()
    {
        std::set<std::uint64_t> first;
        for (std::uint64_t purpose = 0; purpose < 30; ++purpose)
            for (std::uint64_t round = 0; round < 30; ++round) first.insert(Random(1, {purpose, round}).next());
        QCOMPARE(first.size(), std::size_t{900});
    }

    void partitions_have_their_counts_data()
    {
        QTest::addColumn<PartitionOptions::Kind>("kind");
        QTest::addColumn<double>("skew");
        using Kind = PartitionOptions::Kind;
        for (const double skew : {0.0, 0.5}) {
            QTest::addRow("iid %g", skew) << Kind::iid << skew;
            QTest::addRow("dirichlet %g", skew) << Kind::dirichlet << skew;
            QTest::addRow("classes %g", skew) << Kind::classes << skew;
        }
    }
    void partitions_have_their_counts()
    {
        QFETCH(PartitionOptions::Kind, kind);
        QFETCH(double, skew);
        PartitionOptions options;
        options.kind = kind;
        options.quantity_skew = skew;
        options.examples_per_client = 73;
        options.classes_per_client = 3;
        constexpr std::size_t clients = 40, classes = 10;
        Random random(3, {});
        const auto counts = partition(options, clients, classes, random);
        QCOMPARE(counts.size(), clients);
        std::size_t total = 0;
        std::vector<std::size_t> holders(classes);
        double squares = 0;
        for (const auto& row : counts) {
            QCOMPARE(row.size(), classes);
            const std::size_t size = std::accumulate(row.begin(), row.end(), std::size_t{0});
            total += size;
            if (skew == 0) QCOMPARE(size, std::size_t{73});
            QVERIFY(size >= fewest_examples);
            for (std::size_t label = 0; label < classes; ++label) holders[label] += row[label] > 0 ? 1 : 0;
            const auto [low, high] = std::minmax_element(row.begin(), row.end());
            if (kind == PartitionOptions::Kind::iid) QVERIFY(*high - *low <= 1);
            if (kind == PartitionOptions::Kind::classes)
                QCOMPARE(std::count_if(row.begin(), row.end(), [](std::size_t count) { return count > 0; }),
                         std::ptrdiff_t{3});
            for (const std::size_t count : row) {
                const double share = static_cast<double>(count) / static_cast<double>(size);
                squares += (share - 0.1) * (share - 0.1) / static_cast<double>(clients * classes);
            }
        }
        if (skew == 0) QCOMPARE(total, clients * 73);
        QVERIFY(std::abs(static_cast<double>(total) / (clients * 73.0) - 1) < 0.05);
        if (kind == PartitionOptions::Kind::classes)  // dealt from decks: 120 hands over 10 classes
            for (const std::size_t count : holders) QVERIFY(count >= 11 && count <= 13);
        if (kind == PartitionOptions::Kind::dirichlet) {  // variance 9 / (100 (10 · 0.5 + 1))
            QVERIFY(squares > 0.010 && squares < 0.020);
        }
    }

    void apportioned_numbers_sum_up()
    {
        QCOMPARE(apportion(10, {1, 1, 1}), (std::vector<std::size_t>{4, 3, 3}));
        QCOMPARE(apportion(7, {0, 2, 5}), (std::vector<std::size_t>{0, 2, 5}));
        QCOMPARE(apportion(5, {0.5, 0.3, 0.2}), (std::vector<std::size_t>{3, 1, 1}));  // 2.5, 1.5, 1
    }

    void gradients_are_those_of_finite_differences_data()
    {
        QTest::addColumn<NetworkKind>("kind");
        QTest::newRow("softmax") << NetworkKind::softmax;
        QTest::newRow("mlp") << NetworkKind::mlp;
        QTest::newRow("cnn") << NetworkKind::cnn;
    }
    void gradients_are_those_of_finite_differences()
    {
        QFETCH(NetworkKind, kind);
        const std::unique_ptr<ExampleSource> source = digit_strokes(9);  // an odd side: pooling leaves a row out
        Random random(11, {});
        const Dataset data = make_dataset(*source, std::vector<std::size_t>(10, 3), random);
        const std::unique_ptr<Network> network = make_network(kind, data.shape, 10, 12);
        std::vector<float> weights = network->initial(random);
        QCOMPARE(weights.size(), network->parameters());
        std::vector<float> gradient(weights.size());
        const double loss = network->loss_and_gradient(weights, data.inputs, data.labels, gradient);
        QCOMPARE(loss, network->loss(weights, data.inputs, data.labels));
        // One direction a layer, along the gradient's own signs: the slope is then far above float32's noise, and few
        // ReLUs turn.
        constexpr float step = 3e-4F;
        for (const model::Layer& layer : network->layers()) {
            std::vector<float> ahead = weights, behind = weights;
            double slope = 0;
            for (std::int64_t coord_idx = layer.offset; coord_idx < layer.offset + layer.count; ++coord_idx) {
                const auto at = static_cast<std::size_t>(coord_idx);
                const float way = gradient[at] > 0 ? 1.0F : -1.0F;
                ahead[at] += step * way;
                behind[at] -= step * way;
                slope += way * gradient[at];
            }
            const double measured =
                (network->loss(ahead, data.inputs, data.labels) - network->loss(behind, data.inputs, data.labels)) /
                (2 * step);
            QVERIFY2(std::abs(measured - slope) < 0.02 * slope + 1e-4,
                     qPrintable(QString("%1: %2 measured, %3 computed")
                                    .arg(QString::fromStdString(layer.name))
                                    .arg(measured)
                                    .arg(slope)));
        }
    }

    void layers_are_named_and_shaped_as_in_pytorch()
    {
        const InputShape image{12, 12, 144};
        const auto text = [](const Network& network) {
            QStringList all;
            for (const model::Layer& layer : network.layers())
                all << QString::fromStdString(layer.name + " " + model::shape_text(layer.shape));
            return all.join(", ");
        };
        QCOMPARE(text(*make_network(NetworkKind::mlp, image, 10, 24)),
                 QString("fc1.weight 24 × 144, fc1.bias 24, fc2.weight 10 × 24, fc2.bias 10"));
        QCOMPARE(text(*make_network(NetworkKind::cnn, image, 10, 16)),
                 QString("conv1.weight 4 × 1 × 3 × 3, conv1.bias 4, conv2.weight 8 × 4 × 3 × 3, conv2.bias 8, "
                         "fc.weight 10 × 72, fc.bias 10"));
        QCOMPARE(make_network(NetworkKind::cnn, {0, 0, 30}, 10, 16), nullptr);
    }

    void same_seed_same_bits_on_any_number_of_threads()
    {
        LabOptions options = small_options();
        options.attacks = {plan_of("backdoor", 2, 2), plan_of("alie", 2, 3)};
        options.stragglers = 0.3;
        options.dropout = 0.1;
        const LabFederation one = simulated(options);
        options.threads = 2;
        const LabFederation two = simulated(options);
        QVERIFY(same_bits(one.models, two.models));
        QVERIFY(same_bits(one.deltas, two.deltas));
        options.seed = 2;
        const LabFederation other = simulated(options);
        QVERIFY(!same_bits(one.models, other.models));
    }

    void the_model_is_what_the_updates_give()
    {
        LabOptions options = small_options();
        options.partition.quantity_skew = 0.5;
        options.server_learning_rate = 0.7;
        const LabFederation federation = simulated(options);
        const std::size_t d = federation.models[0].size();
        for (std::size_t round = 1; round <= options.rounds; ++round) {
            std::vector<double> sum(d, 0.0);
            double total = 0;
            for (std::size_t update_idx = 0; update_idx < federation.updates.size(); ++update_idx) {
                const model::Update& update = federation.updates[update_idx];
                if (update.round.value() != static_cast<std::int64_t>(round)) continue;
                const auto examples = static_cast<double>(*update.num_examples);
                total += examples;
                for (std::size_t coord_idx = 0; coord_idx < d; ++coord_idx)
                    sum[coord_idx] += examples * federation.deltas[update_idx][coord_idx];
            }
            for (std::size_t coord_idx = 0; coord_idx < d; ++coord_idx) {
                const double expected = federation.models[round - 1][coord_idx] + 0.7 * sum[coord_idx] / total;
                QVERIFY(std::abs(federation.models[round][coord_idx] - expected) < 1e-6);
            }
        }
    }

    void clean_federations_learn_data()
    {
        QTest::addColumn<bool>("digits");
        QTest::addColumn<NetworkKind>("kind");
        QTest::addColumn<double>("bound");
        QTest::newRow("digits, mlp") << true << NetworkKind::mlp << 0.8;
        QTest::newRow("digits, softmax") << true << NetworkKind::softmax << 0.75;
        QTest::newRow("digits, cnn") << true << NetworkKind::cnn << 0.8;
        QTest::newRow("mixture, mlp") << false << NetworkKind::mlp << 0.8;
    }
    void clean_federations_learn()
    {
        QFETCH(bool, digits);
        QFETCH(NetworkKind, kind);
        QFETCH(double, bound);
        LabOptions options;
        options.clients = 10;
        options.rounds = 12;
        options.data = digits ? LabOptions::Data::digits : LabOptions::Data::mixture;
        options.network = kind;
        const LabFederation federation = simulated(options);
        const double accuracy = final_accuracy(federation);
        QVERIFY2(accuracy > bound, qPrintable(QString::number(accuracy)));
        QVERIFY(federation.truth.malicious.empty());
        QCOMPARE(federation.truth.last_clean_checkpoint, model::RoundNo(12));
    }

    void attacks_do_what_they_are_for()
    {
        LabOptions options;
        options.clients = 10;
        options.rounds = 14;
        const double clean = final_accuracy(simulated(options));
        const auto attacked = [&](AttackPlan plan) {
            options.attacks = {std::move(plan)};
            return simulated(options);
        };
        const LabFederation backdoor = attacked(plan_of("backdoor", 2, 5));
        QVERIFY2(backdoor.truth.attack_success.back() > 0.7, "the trigger is not answered");
        QVERIFY2(backdoor.truth.attack_success[3] < 0.2, "the trigger is answered before the attack");
        QVERIFY(final_accuracy(backdoor) > clean - 0.05);
        QCOMPARE(backdoor.truth.last_clean_checkpoint, model::RoundNo(4));

        const LabFederation replaced = attacked(plan_of("model-replacement", 1, 9));
        QVERIFY(replaced.truth.attack_success[8] > 0.8);
        QVERIFY(replaced.truth.attack_success[7] < 0.2);
        QCOMPARE(replaced.truth.malicious.size(), std::size_t{1});
        QCOMPARE(replaced.truth.malicious.begin()->second, std::vector<model::RoundNo>{model::RoundNo(9)});

        AttackPlan flip = plan_of("sign-flip", 4);
        flip.settings.values["scale"] = 2;
        const double flipped = final_accuracy(attacked(flip));
        QVERIFY2(flipped < clean - 0.15, qPrintable(QString("%1 after, %2 before").arg(flipped).arg(clean)));
    }

    void every_attack_runs_and_is_labelled()
    {
        for (const AttackInfo& info : attacks()) {
            std::vector<std::string_view> variants = info.variants;
            if (variants.empty()) variants.emplace_back();
            for (const std::string_view variant : variants) {
                LabOptions options = small_options();
                AttackPlan plan = plan_of(std::string(info.name), 3, 2);
                plan.settings.variant = variant;
                options.attacks = {plan};
                const LabFederation federation = simulated(options);
                QVERIFY2(model::family_of(info.label) != "unknown", std::string(info.label).c_str());
                // One vector made from the crowd's mean and sent by all is collusion, whatever its sign.
                const bool shared = info.name == "sign-flip" && variant == "mean";
                QCOMPARE(federation.truth.attack, shared ? "collusion" : std::string(info.label));
                QCOMPARE(federation.truth.malicious.size(), std::size_t{3});
                for (const auto& [client, rounds] : federation.truth.malicious) {
                    QCOMPARE(rounds.front(), model::RoundNo(2));
                    QCOMPARE(rounds.size(), info.usual == Schedule::Kind::once ? std::size_t{1} : std::size_t{5});
                }
                // Nobody else's update differs from a federation without the attack in the first attacked round.
                LabOptions clean = options;
                clean.attacks[0].schedule.onset = 100;
                clean.rounds = 2;
                const LabFederation before = simulated(clean);
                std::size_t changed = 0;
                for (std::size_t update_idx = 10; update_idx < 20; ++update_idx) {
                    const bool attacker = federation.truth.malicious.contains(federation.updates[update_idx].client);
                    const bool same = federation.deltas[update_idx] == before.deltas[update_idx];
                    QVERIFY2(attacker || same, info.name.data());
                    changed += same ? 0 : 1;
                }
                QVERIFY2(changed > 0, qPrintable(QString("%1 %2").arg(info.name.data()).arg(variant.data())));
            }
        }
    }

    void any_rule_of_the_registry_serves()
    {
        for (const RuleInfo* rule : all_rules()) {
            LabOptions options = small_options();
            options.clients = 15;
            options.rounds = 3;
            options.rule = rule->name;
            options.attacks = {plan_of("noise", 2, 2)};
            const LabFederation federation = simulated(options);
            QCOMPARE(federation.federation.aggregation.rule, std::string(rule->name));
            QVERIFY2(federation.models[3] != federation.models[2], rule->name.data());
            // What the rule makes of the recorded updates is the recorded model.
            const bool trusts = rule->name == "fltrust";
            QCOMPARE(federation.updates.front().reference, trusts);
            if (trusts || rule->name == "fedavg") continue;
            Rows rows;
            std::vector<double> examples;
            for (std::size_t update_idx = 0; update_idx < 15; ++update_idx) {
                rows.add(std::span<const float>(federation.deltas[update_idx]));
                examples.push_back(static_cast<double>(*federation.updates[update_idx].num_examples));
            }
            const std::vector<double> model(federation.models[0].begin(), federation.models[0].end());
            const auto step = aggregate_matrix(rule->name, rows.values, rows.n, rows.d, examples, options.rule_settings,
                                               {{}, rows.values, {}, model});
            QVERIFY(step);
            for (std::size_t coord_idx = 0; coord_idx < rows.d; ++coord_idx)
                QVERIFY2(std::abs(federation.models[1][coord_idx] - model[coord_idx] - step->vector[coord_idx]) < 1e-6,
                         rule->name.data());
        }
    }

    void the_stealthiest_attacker_sends_the_honest_mean()
    {
        LabOptions options = small_options();
        options.rounds = 1;
        options.attacks = {plan_of("scaling", 2)};
        options.attacks[0].stealth = 1;
        const LabFederation federation = simulated(options);
        Rows honest;
        for (std::size_t update_idx = 0; update_idx < 10; ++update_idx)
            if (!federation.truth.malicious.contains(federation.updates[update_idx].client))
                honest.add(std::span<const float>(federation.deltas[update_idx]));
        QCOMPARE(honest.n, std::size_t{8});
        for (std::size_t update_idx = 0; update_idx < 10; ++update_idx) {
            if (!federation.truth.malicious.contains(federation.updates[update_idx].client)) continue;
            for (std::size_t coord_idx = 0; coord_idx < honest.d; ++coord_idx) {
                double mean = 0;  // shorter than the median length, as a mean of vectors that agree little is
                for (std::size_t row_idx = 0; row_idx < honest.n; ++row_idx) mean += honest[row_idx][coord_idx] / 8;
                QVERIFY(std::abs(federation.deltas[update_idx][coord_idx] - mean) < 1e-6);
            }
        }
    }

    void schedules_say_when()
    {
        Schedule schedule;
        schedule.onset = 4;
        schedule.period = 2;
        const auto course = [&](Schedule::Kind kind) {
            schedule.kind = kind;
            std::vector<double> all;
            for (std::size_t round = 1; round <= 9; ++round) all.push_back(schedule.intensity(round));
            return all;
        };
        QCOMPARE(course(Schedule::Kind::always), (std::vector<double>{0, 0, 0, 1, 1, 1, 1, 1, 1}));
        QCOMPARE(course(Schedule::Kind::every), (std::vector<double>{0, 0, 0, 1, 0, 1, 0, 1, 0}));
        QCOMPARE(course(Schedule::Kind::on_off), (std::vector<double>{0, 0, 0, 1, 1, 0, 0, 1, 1}));
        const std::vector<double> ramp = course(Schedule::Kind::ramp);
        QCOMPARE(ramp[2], 0.0);
        QVERIFY(std::abs(ramp[3] - 0.15) < 1e-12 && std::abs(ramp[8] - 0.4) < 1e-12);
    }

    void unreliable_and_slow_clients_are_honest()
    {
        LabOptions options = small_options();
        options.clients = 20;
        options.rounds = 10;
        options.noisy_clients = 0.2;
        options.stragglers = 0.25;
        options.participation = 0.5;
        options.dropout = 0.2;
        const LabFederation federation = simulated(options);
        QCOMPARE(federation.truth.unreliable.size(), std::size_t{4});
        QCOMPARE(federation.truth.stragglers.size(), std::size_t{5});
        QVERIFY(federation.truth.malicious.empty());
        std::size_t stale = 0, failed = 0;
        for (const model::Update& update : federation.updates) {
            if (!update.base_round) continue;
            ++stale;
            QVERIFY(update.base_round->value() >= std::max<std::int64_t>(0, update.round.value() - 3));
            QVERIFY(update.base_round->value() < update.round.value() - 1);
            QVERIFY(std::binary_search(federation.truth.stragglers.begin(), federation.truth.stragglers.end(),
                                       update.client));
        }
        QVERIFY(stale > 0);
        std::size_t selected = 0;
        for (const model::Round& round : federation.rounds) {
            QCOMPARE(round.selected.size(), std::size_t{10});
            selected += round.selected.size();
            failed += round.failed.size();
        }
        QVERIFY(failed > 0);
        QCOMPARE(federation.updates.size(), selected - failed);
    }

    void a_running_federation_is_a_case()
    {
        LabOptions options = small_options();
        options.rounds = 8;
        options.attacks = {plan_of("sign-flip", 2, 4)};
        const auto federation = std::make_shared<const LabFederation>(simulated(options));
        LabCase lab(federation);
        model::Progress progress;
        const auto summary = analyse(lab, lab, {}, progress);
        QVERIFY2(summary, summary ? "" : summary.error().text().c_str());
        QCOMPARE(summary->rounds, std::int64_t{8});
        QCOMPARE(lab.verdicts().value()->clients.size(), std::size_t{10});
        // The rows are the recorded ones, block by block.
        const model::Update& update = federation->updates[37];
        const std::vector<model::VectorRef> rows{{model::VectorRef::Kind::update, update.round, update.client},
                                                 {model::VectorRef::Kind::global_step, update.round, {}},
                                                 {model::VectorRef::Kind::checkpoint, model::RoundNo(0), {}}};
        std::vector<float> block(3 * 5);
        QVERIFY(lab.read(rows, 11, 5, block.data()));
        const auto round = static_cast<std::size_t>(update.round.value());
        for (std::size_t offset = 0; offset < 5; ++offset) {
            QCOMPARE(block[offset], federation->deltas[37][11 + offset]);
            QCOMPARE(block[5 + offset],
                     federation->models[round][11 + offset] - federation->models[round - 1][11 + offset]);
            QCOMPARE(block[10 + offset], federation->models[0][11 + offset]);
        }
        const std::vector<model::VectorRef> unknown{
            {model::VectorRef::Kind::update, model::RoundNo(99), update.client}};
        QCOMPARE(lab.read(unknown, 0, 1, block.data()).error().code, model::ErrorCode::not_found);
        const auto d = static_cast<std::int64_t>(federation->models[0].size());
        QCOMPARE(lab.read(rows, d - 2, 3, block.data()).error().code, model::ErrorCode::invalid_argument);
    }

    void options_that_make_no_sense_are_refused()
    {
        const auto refused = [](const LabOptions& options) {
            const auto made = Simulation::create(options);
            return !made && made.error().code == model::ErrorCode::invalid_argument;
        };
        LabOptions options = small_options();
        options.rule = "no-such-rule";
        QVERIFY(refused(options));
        options = small_options();
        options.attacks = {plan_of("alie", 10)};
        QVERIFY(refused(options));
        options.attacks = {AttackPlan{"no-such-attack", {}, 1, {}}};
        QVERIFY(refused(options));
        options.attacks = {plan_of("alie", 1)};
        options.attacks[0].settings.values["zz"] = 1;
        QVERIFY(refused(options));
        options.attacks = {plan_of("label-flip", 1)};
        options.attacks[0].settings.values = {{"source", 3}, {"target", 3}};
        QVERIFY(refused(options));
        options.attacks[0].settings.values = {{"target", 10}};
        QVERIFY(refused(options));
        options = small_options();
        options.data = LabOptions::Data::mixture;
        options.network = NetworkKind::cnn;
        QVERIFY(refused(options));
    }
};

QTEST_GUILESS_MAIN(TestLab)
#include "tst_lab.moc"
