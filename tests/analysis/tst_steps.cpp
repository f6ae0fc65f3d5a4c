// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/analyse.h"
#include "analysis/lab/lab_case.h"
#include "analysis/lab/simulation.h"
#include "analysis/rollback/step_check.h"

#include <algorithm>
#include <QTest>

using namespace fedsleuth;
using namespace fedsleuth::analysis;

namespace {

lab::LabFederation simulated(const std::string& rule, std::map<std::string, double> values, double rate = 1)
{
    lab::LabOptions options;
    options.seed = 5;
    options.clients = 10;
    options.rounds = 5;
    options.partition.examples_per_client = 40;
    options.partition.quantity_skew = 0.5;
    options.test_examples = 50;
    options.rule = rule;
    options.rule_settings.values = std::move(values);
    options.server_learning_rate = rate;
    model::Progress progress;
    auto federation = lab::simulate(options, progress);
    if (!federation) qFatal("%s", federation.error().text().c_str());
    return std::move(*federation);
}

/// The federation with other checkpoints: from round `from` on, `step` (of the round's clients, their updates and their
/// proportions) is what the server really added.
using Server =
    std::function<std::vector<double>(const std::vector<std::vector<float>>& rows, std::vector<double> shares)>;

lab::LabFederation served(lab::LabFederation federation, std::int64_t round, const Server& server)
{
    std::vector<std::vector<float>> rows;
    std::vector<double> shares;
    double total = 0;
    for (std::size_t idx = 0; idx < federation.updates.size(); ++idx)
        if (federation.updates[idx].round.value() == round) {
            rows.push_back(federation.deltas[idx]);
            shares.push_back(static_cast<double>(*federation.updates[idx].num_examples));
            total += shares.back();
        }
    for (double& share : shares) share /= total;
    const auto at = static_cast<std::size_t>(round);
    const std::vector<double> step = server(rows, shares);
    for (std::size_t coord_idx = 0; coord_idx < step.size(); ++coord_idx)
        federation.models[at][coord_idx] = static_cast<float>(federation.models[at - 1][coord_idx] + step[coord_idx]);
    return federation;
}

std::vector<double> mean(const std::vector<std::vector<float>>& rows, const std::vector<double>& weights)
{
    std::vector<double> sum(rows.front().size(), 0.0);
    for (std::size_t idx = 0; idx < rows.size(); ++idx)
        for (std::size_t coord_idx = 0; coord_idx < sum.size(); ++coord_idx)
            sum[coord_idx] += weights[idx] * rows[idx][coord_idx];
    return sum;
}

/// The mismatches that an analysis finds.
std::vector<model::Finding> mismatches(const lab::LabFederation& federation,
                                       std::vector<model::RollbackCandidate>* rated = nullptr)
{
    lab::LabCase store(std::make_shared<const lab::LabFederation>(federation));
    model::Progress progress;
    if (const auto done = analyse(store, store, {}, progress); !done) qFatal("%s", done.error().text().c_str());
    std::vector<model::Finding> found = *store.findings();
    std::erase_if(found, [](const model::Finding& finding) { return finding.kind != "checkpoint-mismatch"; });
    if (rated) *rated = (*store.rollback())->candidates;
    return found;
}

bool says(const model::Finding& finding, const char* text) { return finding.text.find(text) != std::string::npos; }

}  // namespace

class TestSteps : public QObject {
    Q_OBJECT

private slots:
    void every_declared_rule_is_redone_data()
    {
        QTest::addColumn<QString>("rule");
        QTest::addColumn<QString>("parameter");
        QTest::addColumn<double>("value");
        QTest::addColumn<double>("rate");
        QTest::newRow("median") << "median"
                                << "" << 0.0 << 1.0;
        QTest::newRow("median, slower server") << "median"
                                               << "" << 0.0 << 0.5;
        QTest::newRow("trimmed mean") << "trimmed-mean"
                                      << "fraction" << 0.2 << 1.0;
        QTest::newRow("Krum") << "krum"
                              << "f" << 2.0 << 1.0;
        QTest::newRow("Multi-Krum") << "multi-krum"
                                    << "f" << 2.0 << 1.0;
        QTest::newRow("Bulyan") << "bulyan"
                                << "f" << 1.0 << 1.0;
        QTest::newRow("mean around median") << "mean-around-median"
                                            << "f" << 2.0 << 1.0;
        QTest::newRow("geometric median") << "geometric-median"
                                          << "" << 0.0 << 1.0;
        QTest::newRow("norm clipping") << "norm-clipping"
                                       << "radius" << 0.3 << 1.0;
        QTest::newRow("centred clipping") << "centred-clipping"
                                          << "radius" << 0.3 << 1.0;
        QTest::newRow("FLTrust") << "fltrust"
                                 << "" << 0.0 << 1.0;
        QTest::newRow("FoolsGold") << "foolsgold"
                                   << "" << 0.0 << 1.0;
    }
    void every_declared_rule_is_redone()
    {
        QFETCH(QString, rule);
        QFETCH(QString, parameter);
        QFETCH(double, value);
        QFETCH(double, rate);
        std::map<std::string, double> values;
        if (!parameter.isEmpty()) values[parameter.toStdString()] = value;
        const lab::LabFederation honest = simulated(rule.toStdString(), values, rate);
        std::vector<model::RollbackCandidate> rated;
        const auto none = mismatches(honest, &rated);
        QVERIFY2(none.empty(), none.empty() ? "" : none.front().text.c_str());
        for (const model::RollbackCandidate& candidate : rated)
            if (candidate.round.value() > 0) QCOMPARE(candidate.aggregation, std::string("matches"));
        // One checkpoint that was touched afterwards.
        lab::LabFederation touched = honest;
        for (std::size_t coord_idx = 0; coord_idx < touched.models[5].size(); coord_idx += 3)
            touched.models[5][coord_idx] += 0.01F;
        const auto found = mismatches(touched);
        QCOMPARE(found.size(), std::size_t{1});
        QCOMPARE(found.front().round->value(), std::int64_t{5});
        QVERIFY2(says(found.front(), "No weights of the recorded updates"), found.front().text.c_str());
    }

    void names_who_was_left_out()
    {
        const lab::LabFederation honest = simulated("fedavg", {});
        for (const std::size_t count : {1u, 2u}) {
            const auto found = mismatches(served(honest, 5, [&](const auto& rows, std::vector<double> shares) {
                shares[3] = 0;
                if (count == 2) shares[7] = 0;
                double total = 0;
                for (const double share : shares) total += share;
                for (double& share : shares) share /= total;
                return mean(rows, shares);
            }));
            QCOMPARE(found.size(), std::size_t{1});
            QVERIFY2(says(found.front(), count == 1 ? "site-03 is left out" : "site-03 and site-07 are left out"),
                     found.front().text.c_str());
        }
    }

    void names_other_weights_rates_and_rules()
    {
        const lab::LabFederation honest = simulated("fedavg", {});
        const auto equal = mismatches(served(honest, 5, [](const auto& rows, std::vector<double> shares) {
            return mean(rows, std::vector<double>(shares.size(), 1.0 / static_cast<double>(shares.size())));
        }));
        QVERIFY2(equal.size() == 1 && says(equal.front(), "equal weights gives it"), equal.front().text.c_str());
        const auto slower = mismatches(served(honest, 5, [](const auto& rows, std::vector<double> shares) {
            for (double& share : shares) share *= 0.25;
            return mean(rows, shares);
        }));
        QVERIFY2(slower.size() == 1 && says(slower.front(), "at 0.25 times its length"), slower.front().text.c_str());
        // Three get nothing, one gets three times its share.
        const auto solved = mismatches(served(honest, 5, [](const auto& rows, std::vector<double> shares) {
            shares[0] = shares[1] = shares[2] = 0;
            shares[8] *= 3;
            return mean(rows, shares);
        }));
        QVERIFY2(solved.size() == 1 && says(solved.front(), "site-00, site-01 and site-02 got no weight"),
                 solved.front().text.c_str());
        QVERIFY2(says(solved.front(), "site-08"), solved.front().text.c_str());
        const auto negative = mismatches(served(honest, 5, [](const auto& rows, std::vector<double> shares) {
            shares[4] = -shares[4];
            return mean(rows, shares);
        }));
        QVERIFY2(negative.size() == 1 && says(negative.front(), "site-04 got a negative weight"),
                 negative.front().text.c_str());
        const auto median = mismatches(served(honest, 5, [](const auto& rows, const std::vector<double>&) {
            std::vector<double> step, column;
            for (std::size_t coord_idx = 0; coord_idx < rows.front().size(); ++coord_idx) {
                column.clear();
                for (const auto& row : rows) column.push_back(row[coord_idx]);
                std::sort(column.begin(), column.end());
                step.push_back((column[4] + column[5]) / 2);
            }
            return step;
        }));
        QVERIFY2(median.size() == 1 && says(median.front(), "The rule median gives it"), median.front().text.c_str());
    }

    void declared_server_momentum_is_redone()
    {
        lab::LabFederation federation = simulated("fedavg", {});
        federation.federation.aggregation.parameters["server_momentum"] = 0.9;
        for (std::int64_t round = 1; round <= 5; ++round) {
            std::vector<double> before(federation.models[0].size(), 0.0);
            const auto at = static_cast<std::size_t>(round);
            if (round > 1)
                for (std::size_t coord_idx = 0; coord_idx < before.size(); ++coord_idx)
                    before[coord_idx] = 0.9 * (static_cast<double>(federation.models[at - 1][coord_idx]) -
                                               federation.models[at - 2][coord_idx]);
            federation = served(std::move(federation), round, [&](const auto& rows, const std::vector<double>& shares) {
                std::vector<double> step = mean(rows, shares);
                for (std::size_t coord_idx = 0; coord_idx < step.size(); ++coord_idx)
                    step[coord_idx] += before[coord_idx];
                return step;
            });
        }
        const auto none = mismatches(federation);
        QVERIFY2(none.empty(), none.empty() ? "" : none.front().text.c_str());
        federation.federation.aggregation.parameters["server_momentum"] = 0.5;
        QCOMPARE(mismatches(federation).size(), std::size_t{4});
    }
};

QTEST_GUILESS_MAIN(TestSteps)
#include "tst_steps.moc"
