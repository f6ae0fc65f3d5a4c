// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/analyse.h"
#include "analysis/detection/detector.h"
#include "analysis/rollback/candidates.h"
#include "storage/case/case_file.h"
#include "storage/ingest/ingest.h"
#include "support/federations.h"

#include <QTest>
#include <set>

using namespace fedsleuth;
using model::VerdictClass;

/// The whole way from an evidence folder to verdicts, on labelled federations.
class TestVerdicts : public QObject {
    Q_OBJECT

    std::unique_ptr<storage::CaseFile> analysed(const QString& name, QString& folder)
    {
        const QString scratch = QStringLiteral(FEDSLEUTH_SCRATCH);
        folder = test::federation_folder(name, scratch);
        const std::string file = (scratch + "/" + name + ".fedcase").toStdString();
        QFile::remove(QString::fromStdString(file));
        model::Progress progress;
        const auto taken = storage::ingest(folder.toStdString(), file, {}, progress);
        if (!taken) {
            qWarning("%s", taken.error().text().c_str());
            return nullptr;
        }
        auto store = storage::CaseFile::open(file);
        if (!store) return nullptr;
        const auto done = analysis::analyse(**store, **store, {}, progress);
        if (!done) {
            qWarning("%s", done.error().text().c_str());
            return nullptr;
        }
        return std::move(*store);
    }

private slots:
    void attackers_are_found_and_nobody_else_accused_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("family");
        QTest::addColumn<QString>("attack");
        QTest::newRow("clean, IID") << "clean-iid"
                                    << ""
                                    << "";
        QTest::newRow("clean, non-IID") << "clean-noniid"
                                        << ""
                                        << "";
        QTest::newRow("model replacement") << "model-replacement"
                                           << "targeted"
                                           << "model-replacement";
        QTest::newRow("constrained backdoor") << "constrained-backdoor"
                                              << "targeted"
                                              << "backdoor";
        QTest::newRow("slow backdoor") << "slow-backdoor"
                                       << "targeted"
                                       << "drift";
        QTest::newRow("label flip") << "label-flip"
                                    << "targeted"
                                    << "label-flip";
        QTest::newRow("sign flip") << "sign-flip"
                                   << "untargeted"
                                   << "sign-flip";
        QTest::newRow("ALIE") << "alie"
                              << "colluding"
                              << "collusion";
        QTest::newRow("Sybils") << "sybil"
                                << "colluding"
                                << "sybil";
        QTest::newRow("free riders") << "free-rider"
                                     << "free-rider"
                                     << "free-rider";
        QTest::newRow("privacy liars who do not attack") << "privacy-audit"
                                                         << ""
                                                         << "";
        QTest::newRow("a lying server") << "server-tampering"
                                        << ""
                                        << "";
    }

    void attackers_are_found_and_nobody_else_accused()
    {
        QFETCH(QString, name);
        QFETCH(QString, family);
        QFETCH(QString, attack);
        QString folder;
        const auto store = analysed(name, folder);
        QVERIFY(store);
        const test::Truth truth = test::truth_of(folder);
        const auto verdicts = store->verdicts();
        QVERIFY(verdicts && *verdicts);
        QVERIFY((*verdicts)->inspectable);
        double previous = 1;
        std::set<int> groups;
        for (const model::Verdict& verdict : (*verdicts)->clients) {
            QVERIFY(verdict.probability <= previous);
            previous = verdict.probability;
            const auto guilty = truth.malicious.find(verdict.client.text());
            const std::string who = verdict.client.text() + " " + std::string(model::name_of(verdict.verdict)) + " " +
                                    (verdict.reasons.empty() ? "" : verdict.reasons.front().text);
            if (guilty == truth.malicious.end()) {
                QVERIFY2(verdict.verdict != VerdictClass::malicious, who.c_str());
                QVERIFY2(verdict.verdict == VerdictClass::clean || verdict.verdict == VerdictClass::watch, who.c_str());
                QVERIFY(verdict.probability < 0.5);
                continue;
            }
            // A backdoor that grows by a little each round is hardly there when it begins.
            const bool hides = name == "constrained-backdoor" || name == "slow-backdoor";
            QVERIFY2(verdict.verdict >= (hides ? VerdictClass::suspect : VerdictClass::malicious), who.c_str());
            QCOMPARE(QString::fromStdString(verdict.attack), attack);
            QCOMPARE(QString::fromStdString(verdict.family), family);
            QVERIFY(verdict.first_bad_round.has_value());
            QVERIFY2(std::abs(verdict.first_bad_round->value() - guilty->second.front()) <= (hides ? 3 : 1),
                     who.c_str());
            QVERIFY(!verdict.reasons.empty());
            for (const model::Reason& reason : verdict.reasons)
                QVERIFY2(analysis::find_detector(reason.detector), reason.detector.c_str());
            if (family == "colluding") {
                QVERIFY(verdict.group.has_value());
                groups.insert(*verdict.group);
            }
        }
        QCOMPARE(groups.size(), family == "colluding" ? 1u : 0u);
    }

    void rollback_names_the_last_clean_checkpoint_data() { attackers_are_found_and_nobody_else_accused_data(); }

    void rollback_names_the_last_clean_checkpoint()
    {
        QFETCH(QString, name);
        QString folder;
        const auto store = analysed(name, folder);
        QVERIFY(store);
        const test::Truth truth = test::truth_of(folder);
        const auto rollback = analysis::current_rollback(*store);
        QVERIFY(rollback && *rollback && (*rollback)->recommended);
        const auto recommended = (*rollback)->recommended->value();
        if (name == "server-tampering") {
            // No client attacked, but what was shipped in round 14 is not what the updates give.
            QCOMPARE(recommended, 13);
            for (const model::RollbackCandidate& candidate : (*rollback)->candidates)
                if (candidate.round.value() > 0)
                    QCOMPARE(candidate.aggregation, candidate.round.value() == 14 ? "mismatch" : "matches");
            return;
        }
        QVERIFY2(recommended <= truth.last_clean_checkpoint, qPrintable(QString::number(recommended)));
        QVERIFY2(recommended >= truth.last_clean_checkpoint - 2, qPrintable(QString::number(recommended)));
    }

    void a_decision_moves_the_rollback()
    {
        QString folder;
        const auto store = analysed("model-replacement", folder);
        QVERIFY(store);
        QCOMPARE((*analysis::current_rollback(*store))->recommended->value(), 14);
        model::Decision decision;
        decision.client = model::ClientId{"site-07"};
        decision.decided = VerdictClass::clean;
        QVERIFY(store->add_decision(decision).has_value());
        QCOMPARE((*analysis::current_rollback(*store))->recommended->value(), 24);
        decision.client = model::ClientId{"site-03"};
        decision.decided = VerdictClass::malicious;
        QVERIFY(store->add_decision(decision).has_value());
        QCOMPARE((*analysis::current_rollback(*store))->recommended->value(), 0);
    }

    void analysing_again_changes_nothing()
    {
        QString folder;
        const auto store = analysed("sign-flip", folder);
        QVERIFY(store);
        const auto before = store->verdicts();
        model::Progress progress;
        const auto again = analysis::analyse(*store, *store, {}, progress);
        QVERIFY(again.has_value());
        QCOMPARE(again->ledgers_built, 0);
        const auto after = store->verdicts();
        QCOMPARE((*after)->clients.size(), (*before)->clients.size());
        for (std::size_t idx = 0; idx < (*before)->clients.size(); ++idx) {
            QCOMPARE((*after)->clients[idx].client, (*before)->clients[idx].client);
            QCOMPARE((*after)->clients[idx].probability, (*before)->clients[idx].probability);
        }
    }

    void a_stop_keeps_the_case_as_it_was()
    {
        QString folder;
        const auto store = analysed("model-replacement", folder);
        QVERIFY(store);
        model::Progress progress;
        progress.stop();
        const auto stopped = analysis::analyse(*store, *store, {.rebuild_ledgers = true, .probes = {}}, progress);
        QVERIFY(!stopped.has_value());
        QCOMPARE(stopped.error().code, model::ErrorCode::cancelled);
        QVERIFY((*store->verdicts()).has_value());
    }
};

QTEST_GUILESS_MAIN(TestVerdicts)
#include "tst_verdicts.moc"
