// SPDX-License-Identifier: GPL-3.0-or-later
// What-if answers, which come from inner products alone, against every rule run on the raw vectors.
#include "analysis/ledger/ledger_builder.h"
#include "analysis/rules/aggregate.h"
#include "analysis/whatif/column_vectors.h"
#include "analysis/whatif/whatif.h"
#include "support/memory_source.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <QTest>
#include <random>

using namespace fedsleuth;
using model::ClientId;
using model::RoundLedger;
using model::RoundNo;
using model::VectorRef;

namespace {

constexpr std::size_t n = 23;
constexpr std::int64_t d = 9000;
constexpr double learning_rate = 0.5;

using Vector = std::vector<double>;

double inner(const Vector& a, const Vector& b)
{
    double sum = 0;
    for (std::size_t k = 0; k < a.size(); ++k) sum += a[k] * b[k];
    return sum;
}

double length(const Vector& a) { return std::sqrt(inner(a, a)); }

double distance(const Vector& a, const Vector& b)
{
    Vector difference = a;
    for (std::size_t k = 0; k < a.size(); ++k) difference[k] -= b[k];
    return length(difference);
}

double degrees(const Vector& a, const Vector& b)
{
    return std::acos(std::clamp(inner(a, b) / length(a) / length(b), -1.0, 1.0)) * 180 / std::numbers::pi;
}

bool near(double a, double b, double tolerance) { return std::abs(a - b) <= tolerance * (1 + std::abs(b)); }

/// A round with a few attackers, the step before it, the shipped step and the server's own update.
class MadeRound {
public:
    MadeRound() : source(d)
    {
        std::mt19937 random(4);
        std::normal_distribution<float> normal;
        const auto vector = [&](float scale, const std::vector<float>* around) {
            std::vector<float> row(d);
            for (std::size_t k = 0; k < row.size(); ++k)
                row[k] = scale * normal(random) + (around != nullptr ? (*around)[k] : 0.0F);
            return row;
        };
        const std::vector<float> truth = vector(1.0F, nullptr), evil = vector(2.0F, nullptr);
        plan.round = RoundNo{7};
        for (std::size_t client_idx = 0; client_idx < n; ++client_idx) {
            const std::string name = "c" + std::to_string(100 + client_idx);
            rows.push_back(vector(0.8F, client_idx < 4 ? &evil : &truth));
            plan.clients.emplace_back(name);
            examples.push_back(static_cast<double>(10 + client_idx));
            source.put(VectorRef::Kind::update, 7, name, rows.back());
        }
        plan.own_rounds.resize(n);
        plan.step_rounds = {RoundNo{6}};
        plan.has_shipped = plan.has_reference = plan.has_model = true;
        shipped = vector(0.3F, &truth);
        previous = vector(0.4F, &truth);
        reference = vector(0.5F, &truth);
        start = vector(3.0F, nullptr);
        source.put(VectorRef::Kind::global_step, 7, "", shipped);
        source.put(VectorRef::Kind::global_step, 6, "", previous);
        source.put(VectorRef::Kind::reference, 7, "@server", reference);
        source.put(VectorRef::Kind::checkpoint, 6, "", start);
        model::Layer layer;
        layer.shape = {d};
        std::vector<model::Layer> layers{layer};
        model::lay_out(layers);
        model::Progress progress;
        ledger = *analysis::build_ledger(source, layers, plan, progress);
    }
    [[nodiscard]] static Vector wide(const std::vector<float>& row) { return {row.begin(), row.end()}; }

    test::MemorySource source;
    analysis::LedgerPlan plan;
    std::vector<std::vector<float>> rows;
    std::vector<double> examples;
    std::vector<float> shipped, previous, reference, start;
    RoundLedger ledger;
};

}  // namespace

class TestWhatIf : public QObject {
    Q_OBJECT
private slots:
    void agrees_with_the_rules_on_raw_vectors_data()
    {
        QTest::addColumn<QList<int>>("excluded");
        QTest::newRow("everybody") << QList<int>{};
        QTest::newRow("without two") << QList<int>{0, 9};
        QTest::newRow("seven remain") << QList<int>{0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 12, 13, 15, 17, 19, 20};
    }

    void agrees_with_the_rules_on_raw_vectors()
    {
        QFETCH(QList<int>, excluded);
        const analysis::WhatIfRound round(made_.ledger, made_.examples, learning_rate);
        analysis::WhatIfQuestion question;
        question.rules = analysis::every_rule();
        for (const int client_idx : excluded) question.exclude.push_back(made_.plan.clients[client_idx]);
        question.flagged = {made_.plan.clients[0], made_.plan.clients[1], made_.plan.clients[2]};
        model::Progress progress;
        const auto columns = analysis::column_vectors(made_.source, round, question.exclude, question.rules, progress);
        QVERIFY(columns.has_value());
        const analysis::WhatIf answer = round.ask(question, &*columns);

        // The slow way: all vectors as they are.
        Vector rows, examples;
        std::vector<std::size_t> who;
        for (std::size_t client_idx = 0; client_idx < n; ++client_idx) {
            if (excluded.contains(static_cast<int>(client_idx))) continue;
            who.push_back(client_idx);
            rows.insert(rows.end(), made_.rows[client_idx].begin(), made_.rows[client_idx].end());
            examples.push_back(made_.examples[client_idx]);
        }
        QCOMPARE(answer.clients.size(), who.size());
        Vector mean(d, 0.0);
        double honest = 0;
        for (std::size_t k = 0; k < who.size(); ++k) {
            if (who[k] < 3) continue;
            honest += examples[k];
            for (std::size_t c = 0; c < mean.size(); ++c) mean[c] += examples[k] * made_.rows[who[k]][c];
        }
        for (double& value : mean) value *= learning_rate / honest;
        const Vector shipped = MadeRound::wide(made_.shipped), reference = MadeRound::wide(made_.reference),
                     previous = MadeRound::wide(made_.previous), start = MadeRound::wide(made_.start);
        QVERIFY(near(answer.shipped_norm, length(shipped), 1e-9));
        QVERIFY(near(answer.unflagged_norm, length(mean), 1e-9));

        std::vector<std::optional<Vector>> steps;
        for (std::size_t rule_idx = 0; rule_idx < question.rules.size(); ++rule_idx) {
            const analysis::RuleAnswer& outcome = answer.rules[rule_idx];
            const auto slow =
                analysis::aggregate_matrix(outcome.rule, rows, who.size(), d, examples, {},
                                           {.reference = reference, .previous = previous, .model = start});
            const QByteArray name = QByteArray::fromStdString(outcome.rule);
            QVERIFY2(slow.has_value() == outcome.refusal.empty(),
                     name + ": " + (slow ? "" : slow.error().message.c_str()) + outcome.refusal.c_str());
            QVERIFY(!outcome.waiting);
            steps.emplace_back();
            if (!slow) {
                QVERIFY(std::isnan(outcome.norm) && std::isnan(outcome.to_shipped.distance));
                continue;
            }
            QVERIFY2(outcome.selected == slow->selected(), name);
            Vector step = slow->vector;
            for (double& value : step) value *= learning_rate;
            if (slow->how)
                for (std::size_t k = 0; k < who.size(); ++k)
                    QVERIFY2(near(outcome.weights[k], slow->how->weights[k], 1e-7), name);
            QVERIFY2(near(outcome.norm, length(step), 1e-7), name);
            QVERIFY2(near(outcome.to_shipped.distance, distance(step, shipped), 1e-7), name);
            QVERIFY2(near(outcome.to_unflagged.distance, distance(step, mean), 1e-6), name);
            QVERIFY2(near(outcome.to_shipped.angle, degrees(step, shipped), 1e-5), name);
            steps.back() = std::move(step);
        }
        const std::size_t count = steps.size();
        for (std::size_t a = 0; a < count; ++a)
            for (std::size_t b = 0; b < count; ++b) {
                const analysis::Gap& gap = answer.gaps[a * count + b];
                if (!steps[a] || !steps[b]) {
                    QVERIFY(std::isnan(gap.distance) && std::isnan(gap.angle));
                    continue;
                }
                QVERIFY(std::abs(gap.distance - distance(*steps[a], *steps[b])) < 1e-5);
                QVERIFY(std::abs(gap.angle - degrees(*steps[a], *steps[b])) < 1e-4);
            }
    }

    void the_ledger_alone_knows_the_median_of_everybody()
    {
        const analysis::WhatIfRound round(made_.ledger, made_.examples, learning_rate);
        const analysis::WhatIfQuestion question{.rules = {{"median"}, {"trimmed-mean"}, {"fedavg"}}};
        const analysis::WhatIf alone = round.ask(question);
        QVERIFY(!alone.rules[0].waiting && alone.rules[1].waiting && !alone.rules[2].waiting);
        QVERIFY(std::isnan(alone.rules[1].norm) && std::isnan(alone.gaps[1].distance));
        model::Progress progress;
        const auto columns = analysis::column_vectors(made_.source, round, {}, question.rules, progress);
        const analysis::WhatIf full = round.ask(question, &*columns);
        // Centred clipping starts from the step before, whose product with the shipped one the ledger does not keep.
        const analysis::WhatIfQuestion clipped{.rules = {{"centred-clipping"}}};
        QVERIFY(std::isnan(round.ask(clipped).rules[0].to_shipped.distance) && round.ask(clipped).rules[0].norm > 0);
        QVERIFY(round.ask(clipped, &*columns).rules[0].to_shipped.distance > 0);
        QVERIFY(near(alone.rules[0].norm, full.rules[0].norm, 1e-9));
        QVERIFY(near(alone.rules[0].to_shipped.distance, full.rules[0].to_shipped.distance, 1e-9));
        QVERIFY(near(alone.gaps[2].distance, full.gaps[2].distance, 1e-9));

        // Vectors of other clients are not taken for those of these.
        const analysis::WhatIfQuestion fewer{.exclude = {made_.plan.clients[1]}, .rules = question.rules};
        const analysis::WhatIf without = round.ask(fewer, &*columns);
        QVERIFY(without.rules[0].waiting && without.rules[1].waiting && !without.rules[2].waiting);
    }

    void flagged_clients_share_is_that_of_their_weights()
    {
        const analysis::WhatIfRound round(made_.ledger, std::vector<double>(n, 1.0), 1.0);
        const analysis::WhatIfQuestion question{.flagged = {made_.plan.clients[0], made_.plan.clients[5]},
                                                .rules = {{"fedavg"}, {"krum"}, {"no-such-rule"}}};
        const analysis::WhatIf answer = round.ask(question);
        QVERIFY(near(answer.rules[0].flagged_share, 2.0 / n, 1e-12));
        QVERIFY(answer.rules[1].flagged_share == 0 || answer.rules[1].flagged_share == 1);
        QVERIFY(!answer.rules[2].refusal.empty());
        QCOMPARE(std::count(answer.flagged.begin(), answer.flagged.end(), true), 2);
        // Equal weights, nobody flagged: the mean of the unflagged is FedAvg's own result.
        const analysis::WhatIf calm = round.ask({.rules = {{"fedavg"}}});
        QVERIFY(calm.rules[0].to_unflagged.distance < 1e-9 * calm.rules[0].norm);
        QVERIFY(calm.rules[0].to_unflagged.angle < 1e-5);
    }

    void examples_count_only_where_all_reported_them()
    {
        RoundLedger ledger = made_.ledger;
        std::vector<model::Update> updates;
        for (const ClientId& client : ledger.clients) {
            model::Update& update = updates.emplace_back();
            update.round = ledger.round;
            update.client = client;
            update.num_examples = 5 + static_cast<std::int64_t>(updates.size());
        }
        const auto examples = [&](model::Weighting weighting) {
            return analysis::ledger_examples(ledger, updates, weighting);
        };
        QCOMPARE(examples(model::Weighting::num_examples)[2], 8.0);
        QCOMPARE(examples(model::Weighting::equal), std::vector<double>(n, 1.0));
        updates[3].num_examples.reset();
        QCOMPARE(examples(model::Weighting::num_examples), std::vector<double>(n, 1.0));
    }

    void nobody_and_one_remain()
    {
        const analysis::WhatIfRound round(made_.ledger, made_.examples, learning_rate);
        analysis::WhatIfQuestion question{.exclude = made_.plan.clients, .rules = analysis::every_rule()};
        const analysis::WhatIf nobody = round.ask(question);
        QVERIFY(nobody.clients.empty() && std::isnan(nobody.unflagged_norm));
        for (const analysis::RuleAnswer& rule : nobody.rules) QVERIFY(!rule.refusal.empty() || rule.waiting);
        question.exclude.pop_back();
        const analysis::WhatIf one = round.ask(question);
        QCOMPARE(one.clients.size(), 1u);
        QVERIFY(near(one.rules.front().norm, learning_rate * length(MadeRound::wide(made_.rows.back())), 1e-9));
    }

    void a_stop_stops()
    {
        const analysis::WhatIfRound round(made_.ledger, made_.examples, learning_rate);
        model::Progress progress;
        progress.stop();
        const auto stopped = analysis::column_vectors(made_.source, round, {}, analysis::every_rule(), progress);
        QVERIFY(!stopped);
        QCOMPARE(stopped.error().code, model::ErrorCode::cancelled);
    }

private:
    MadeRound made_;
};

QTEST_GUILESS_MAIN(TestWhatIf)
#include "tst_whatif.moc"
