// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/analyse.h"
#include "analysis/detection/detector.h"
#include "analysis/lab/lab_case.h"
#include "analysis/lab/network.h"
#include "analysis/lab/simulation.h"
#include "analysis/probe/plain_network.h"
#include "analysis/rollback/replay.h"
#include "analysis/rollback/replay_probe.h"
#include "analysis/verdict/probe_run.h"
#include "storage/export/replay_folder.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <QTest>

using namespace fedsleuth;
using namespace fedsleuth::analysis;
using model::RoundNo;

namespace {

model::ProbeSet as_set(const lab::Dataset& data)
{
    model::ProbeSet set;
    set.path = "probe.npz";
    set.sha256 = "abc";
    set.rows = data.size();
    set.shape = {static_cast<std::int64_t>(data.shape.features)};
    set.inputs = data.inputs;
    set.labels = data.labels;
    return set;
}

/// As many rounds as clients, two of which plant a backdoor from round `onset` on.
lab::LabOptions backdoored(std::size_t clients, std::size_t examples, std::size_t test_examples, std::size_t onset,
                           const std::string& variant = {})
{
    lab::LabOptions options;
    options.seed = 4;
    options.clients = options.rounds = clients;
    options.partition.examples_per_client = examples;
    options.test_examples = test_examples;
    lab::AttackPlan plan;
    plan.attack = "backdoor";
    plan.settings.variant = variant;
    plan.attackers = 2;
    plan.schedule.onset = onset;
    options.attacks.push_back(plan);
    return options;
}

/// Nothing where it can't be simulated.
std::shared_ptr<const lab::LabFederation> simulated(const lab::LabOptions& options, model::Progress& progress)
{
    auto made = lab::simulate(options, progress);
    return made ? std::make_shared<const lab::LabFederation>(std::move(*made)) : nullptr;
}

}  // namespace

Q_DECLARE_METATYPE(fedsleuth::analysis::lab::NetworkKind)

/// Stops the replay where it comes to a round.
class StoppedSink final : public model::CheckpointSink {
public:
    StoppedSink(storage::ReplayFolder folder, RoundNo at) : folder_(std::move(folder)), at_(at) {}
    [[nodiscard]] std::string state_folder() const override { return folder_.state_folder(); }
    [[nodiscard]] model::Result<void> write(std::string_view kind, RoundNo round,
                                            const model::CoordinateReader& read) override
    {
        if (round == at_) return model::fail(model::ErrorCode::cancelled, "here");
        return folder_.write(kind, round, read);
    }
    [[nodiscard]] model::Result<model::CoordinateReader> read(std::string_view kind, RoundNo round) const override
    {
        return folder_.read(kind, round);
    }
    void remove(std::string_view kind, RoundNo round) override { folder_.remove(kind, round); }
    [[nodiscard]] std::string name(std::string_view kind, RoundNo round) const override
    {
        return folder_.name(kind, round);
    }
    [[nodiscard]] model::Result<std::string> digest(const std::string& name) const override
    {
        return folder_.digest(name);
    }
    [[nodiscard]] model::Result<std::string> finish(const std::string& manifest) override
    {
        return folder_.finish(manifest);
    }

private:
    storage::ReplayFolder folder_;
    RoundNo at_;
};

class TestProbe : public QObject {
    Q_OBJECT

private slots:
    void accuracy_is_what_the_lab_says_data()
    {
        QTest::addColumn<lab::NetworkKind>("kind");
        QTest::newRow("softmax") << lab::NetworkKind::softmax;
        QTest::newRow("mlp") << lab::NetworkKind::mlp;
        QTest::newRow("cnn") << lab::NetworkKind::cnn;
    }
    void accuracy_is_what_the_lab_says()
    {
        QFETCH(lab::NetworkKind, kind);
        lab::LabOptions options;
        options.clients = 6;
        options.rounds = 4;
        options.partition.examples_per_client = 60;
        options.test_examples = 250;
        options.network = kind;
        auto simulation = lab::Simulation::create(options);
        QVERIFY(simulation.has_value());
        while (!simulation->done()) QVERIFY(simulation->step().has_value());
        const lab::LabFederation& federation = simulation->federation();
        const lab::Dataset& test = simulation->test_data();
        const auto side = static_cast<std::int64_t>(options.image_side);
        for (const std::vector<std::int64_t>& shape :
             {std::vector<std::int64_t>{side * side}, {side, side}, {1, side, side}}) {
            const auto network = PlainNetwork::recognise(federation.federation.layers, shape);
            QVERIFY2(network.has_value(), network ? "" : network.error().text().c_str());
            for (std::size_t round = 1; round <= options.rounds; ++round) {
                std::vector<float> logits = network->logits(federation.models[round], test.inputs);
                const double accuracy = share_equal(answers(logits, network->classes()), test.labels);
                // A tie in the last bit of a logit may fall the other way.
                QVERIFY(std::abs(accuracy - federation.rounds[round - 1].metrics.at("accuracy")) < 1.5 / 250);
                log_softmax(logits, network->classes());
                double loss = 0;
                for (std::size_t row = 0; row < test.size(); ++row)
                    loss -= logits[row * network->classes() + static_cast<std::size_t>(test.labels[row])];
                QVERIFY(std::abs(loss / static_cast<double>(test.size()) -
                                 federation.rounds[round - 1].metrics.at("loss")) < 1e-4);
            }
        }
    }

    void the_trace_finds_who_taught_the_answer()
    {
        const lab::LabOptions options = backdoored(12, 60, 100, 4, "clipped");
        model::Progress progress;
        const auto federation = simulated(options, progress);
        QVERIFY(federation);
        QCOMPARE(federation->probe.size(), std::size_t{100});
        QCOMPARE(federation->misclassified.size(), std::size_t{1});
        AnalysisOptions with;
        with.probes.probe = as_set(federation->probe);
        with.probes.misclassified = as_set(federation->misclassified);
        lab::LabCase plain(federation), probed(federation);
        QVERIFY(analyse(plain, plain, {}, progress).has_value());
        const auto summary = analyse(probed, probed, with, progress);
        QVERIFY2(summary.has_value(), summary ? "" : summary.error().text().c_str());
        QCOMPARE(summary->notes.size(), std::size_t{2});
        QVERIFY(summary->notes.back().find("less is asked for") != std::string::npos);

        // Summed over the rounds of the attack, nobody raises the wrong answer as much as the attackers do.
        std::map<model::ClientId, double> raised;
        for (std::int64_t round = 4; round <= 12; ++round) {
            const auto all = *probed.scores(model::RoundNo{round});
            for (const model::DetectorScores& scores : all)
                if (scores.detector == "input-trace")
                    for (std::size_t idx = 0; idx < scores.clients.size(); ++idx) {
                        raised[scores.clients[idx]] += scores.statistic[idx];
                        QVERIFY(sentence(scores, idx).find("log-odds of the wrong answer") != std::string::npos);
                    }
        }
        QCOMPARE(raised.size(), std::size_t{12});
        double least = 1e9, most = -1e9;
        for (const auto& [client, sum] : raised)
            if (federation->truth.malicious.contains(client))
                least = std::min(least, sum);
            else
                most = std::max(most, sum);
        QVERIFY2(least > most, qPrintable(QStringLiteral("%1 against %2").arg(least).arg(most)));

        // Probes only accuse, and here they accuse the right ones more.
        std::map<model::ClientId, double> before;
        const model::Verdicts plain_verdicts = **plain.verdicts(), probed_verdicts = **probed.verdicts();
        for (const model::Verdict& verdict : plain_verdicts.clients) before[verdict.client] = verdict.probability;
        for (const model::Verdict& verdict : probed_verdicts.clients) {
            QVERIFY(verdict.probability >= before[verdict.client] - 1e-12);
            if (!federation->truth.malicious.contains(verdict.client))
                QVERIFY(verdict.verdict < model::VerdictClass::suspect);
        }
        // What was given is on record, with the curve of the shipped models.
        const auto entries = *probed.custody();
        QVERIFY(std::any_of(entries.begin(), entries.end(), [](const model::CustodyEntry& entry) {
            return entry.action == "analyse" && entry.parameters_json.find("\"sha256\":\"abc\"") != std::string::npos;
        }));
        QVERIFY((*probed.document(std::string(probe_document)))->find("\"attack_success\":1") != std::string::npos);
    }

    void a_replay_without_the_attackers_forgets_the_answer()
    {
        const lab::LabOptions options = backdoored(12, 60, 100, 4);
        model::Progress progress;
        const auto federation = simulated(options, progress);
        QVERIFY(federation);
        lab::LabCase store(federation);
        Probes probes;
        probes.probe = as_set(federation->probe);
        probes.misclassified = as_set(federation->misclassified);
        probes.misclassified->labels.clear();  // the last checkpoint's answer
        auto probe = ReplayProbe::make(store, store, probes);
        QVERIFY(probe.has_value());
        QCOMPARE(probe->probes().misclassified->labels, federation->misclassified.labels);
        CounterfactualOptions replay;
        for (const auto& [client, rounds] : federation->truth.malicious) replay.removals.push_back({client, {}});
        const auto take = [&](model::RoundNo round, const VectorReader& frozen, const VectorReader& corrected) {
            return probe->take(round, frozen, corrected);
        };
        QVERIFY(run_counterfactual(store, store, replay, take, {}, progress).has_value());
        const ProbedPoint& last = probe->points().back();
        QCOMPARE(last.round.value(), std::int64_t{12});
        QCOMPARE(*last.shipped.attack_success, 1.0);
        QCOMPARE(*last.frozen.attack_success, 0.0);
        // The shipped model's accuracy is the share that the lab's own network answers rightly.
        const auto network = lab::make_network(options.network, federation->probe.shape, 10, options.hidden);
        QVERIFY(std::abs(*last.shipped.accuracy -
                         share_equal(network->predict(federation->models.back(), federation->probe.inputs),
                                     federation->probe.labels)) < 0.011);
    }

    /// Stopped twice and resumed, a replay knows of every round what one that was never stopped knows; what was made
    /// before there were probes is read back from the folder, where the corrected models are gone.
    void a_resumed_replay_probes_earlier_rounds_too()
    {
        const lab::LabOptions options = backdoored(8, 40, 60, 2);
        model::Progress progress;
        const auto federation = simulated(options, progress);
        QVERIFY(federation);
        lab::LabCase store(federation);
        const std::vector<model::Layer> layers = store.federation()->layers;
        Probes probes;
        probes.probe = as_set(federation->probe);
        probes.misclassified = as_set(federation->misclassified);
        CounterfactualOptions replay;
        for (const auto& [client, rounds] : federation->truth.malicious) replay.removals.push_back({client, {}});

        // Runs into the folder, and is stopped at that round (never: 99).
        const auto run = [&](const std::string& name, storage::ModelFormat format, std::int64_t stop_at, bool probed) {
            auto folder = storage::ReplayFolder::open(std::string(FEDSLEUTH_SCRATCH "/") + name, format, layers);
            StoppedSink sink(std::move(*folder), RoundNo{stop_at});
            auto probe = ReplayProbe::make(store, store, probes);
            const auto outcome = replay_into(store, store, replay, sink, progress, probed ? &*probe : nullptr);
            return std::pair(outcome.has_value(), probe->points());
        };
        const auto same = [](const ProbeScore& a, const ProbeScore& b) {
            return a.accuracy == b.accuracy && a.attack_success == b.attack_success;
        };
        for (const auto format : {storage::ModelFormat::npz, storage::ModelFormat::safetensors}) {
            std::filesystem::remove_all(FEDSLEUTH_SCRATCH);
            const auto [whole_done, whole] = run("whole", format, 99, true);
            QVERIFY(whole_done);
            QCOMPARE(whole.size(), std::size_t{9});
            QVERIFY(!run("pieces", format, 3, true).first);
            QVERIFY(!run("pieces", format, 6, true).first);
            const auto [pieces_done, pieces] = run("pieces", format, 99, true);
            QVERIFY(pieces_done);
            QVERIFY(!run("late", format, 5, false).first);
            const auto [late_done, late] = run("late", format, 99, true);
            QVERIFY(late_done);
            QCOMPARE(pieces.size(), whole.size());
            QCOMPARE(late.size(), whole.size());
            for (std::size_t idx = 0; idx < whole.size(); ++idx) {
                QCOMPARE(pieces[idx].round, whole[idx].round);
                QVERIFY(whole[idx].frozen.accuracy && whole[idx].corrected.attack_success);
                QVERIFY(same(pieces[idx].shipped, whole[idx].shipped) && same(pieces[idx].frozen, whole[idx].frozen) &&
                        same(pieces[idx].corrected, whole[idx].corrected));
                QVERIFY(same(late[idx].shipped, whole[idx].shipped) && same(late[idx].frozen, whole[idx].frozen));
                // The last round that was finished without probes still has its corrected model on disk; the round
                // that all begins from is shown to every run.
                const std::int64_t round = whole[idx].round.value();
                QCOMPARE(late[idx].corrected.accuracy.has_value(), round == 0 || round >= 4);
            }
            // Of the corrected models the last round's alone is left.
            std::size_t left = 0;
            for (const auto& each : std::filesystem::directory_iterator(FEDSLEUTH_SCRATCH "/pieces/corrected"))
                left += each.is_regular_file() ? 1 : 0;
            QCOMPARE(left, std::size_t{1});
        }
    }
};

QTEST_GUILESS_MAIN(TestProbe)
#include "tst_probe.moc"
