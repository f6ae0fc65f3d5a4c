// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/federations.h"
#include "support/strict_messages.h"
#include "support/ui_setup.h"
#include "ui/session/case_paths.h"
#include "ui/session/case_session.h"
#include "ui/session/jobs.h"

#include <QSignalSpy>
#include <QTest>

using namespace fedsleuth;
using namespace fedsleuth::ui;
using model::ClientId;
using model::RoundNo;
using model::VerdictClass;

namespace {

constexpr int patience_ms = 120'000;
const QString scratch = QStringLiteral(FEDSLEUTH_SCRATCH);
const QString sample = QStringLiteral(FEDSLEUTH_SOURCE "/resources/sample");
const ClientId attacker{"site-07"};

}  // namespace

class TestSession : public QObject {
    Q_OBJECT

    /// Opens and waits until it is all there, or has failed.
    static void open(CaseSession& session, const QString& path)
    {
        session.open(path);
        QTRY_VERIFY_WITH_TIMEOUT(!session.is_busy(), patience_ms);
    }

private slots:
    void initTestCase() { test::set_up_application(); }
    void init()
    {
        test::fail_on_warnings();
        QDir(scratch + "/cases").removeRecursively();
    }

    void a_folder_becomes_a_case_with_verdicts()
    {
        CaseSession session;
        session.set_cases_folder(scratch + "/cases");
        const QSignalSpy opened(&session, &CaseSession::case_opened);
        open(session, sample);
        QCOMPARE(opened.size(), 1);
        QVERIFY(session.is_open());
        const CaseData& data = *session.data();
        QCOMPARE(QString::fromStdString(data.case_path), scratch + "/cases/sample.fedcase");
        QCOMPARE(data.clients.size(), std::size_t{20});
        QCOMPARE(data.rounds.size(), std::size_t{24});
        QCOMPARE(data.scores.size(), data.rounds.size());
        QVERIFY(data.custody_intact);
        QCOMPARE(data.shown_class(attacker), VerdictClass::malicious);
        QVERIFY(data.verdict(attacker) && data.verdict(attacker)->first_bad_round == RoundNo{15});
        QVERIFY(data.rollback && data.rollback->recommended == RoundNo{14});
        QVERIFY(*std::max_element(data.suspicion.begin(), data.suspicion.end()) == data.suspicion[14]);
        QCOMPARE(session.range().last(), RoundNo{24});
    }

    void the_same_folder_opens_the_same_case()
    {
        CaseSession session;
        session.set_cases_folder(scratch + "/cases");
        open(session, sample);
        const std::size_t acts = session.data()->custody.size();
        open(session, sample);
        QCOMPARE(session.data()->custody.size(), acts);  // nothing was taken in or analysed again
        QCOMPARE(QDir(scratch + "/cases").entryList({"*.fedcase"}).size(), 1);
    }

    void another_folder_of_that_name_gets_its_own_case()
    {
        const QString folder = test::federation_folder("sign-flip", scratch + "/elsewhere");
        QVERIFY(!folder.isEmpty());
        QVERIFY(QDir().rename(folder, scratch + "/elsewhere/sample"));
        CaseSession session;
        session.set_cases_folder(scratch + "/cases");
        open(session, sample);
        open(session, scratch + "/elsewhere/sample");
        QVERIFY(session.is_open());
        QCOMPARE(QString::fromStdString(session.data()->case_path), scratch + "/cases/sample-2.fedcase");
        QCOMPARE(session.data()->federation.name, std::string("sign-flip"));
        open(session, sample);
        QCOMPARE(session.data()->federation.name, std::string("two-attacks"));
    }

    void the_last_cases_data_is_gone_at_once()
    {
        CaseSession session;
        session.set_cases_folder(scratch + "/cases");
        open(session, sample);
        session.selection().select_client(attacker);
        session.range().narrow(RoundNo{3}, RoundNo{5});
        session.open(sample);
        QVERIFY(!session.is_open());
        QVERIFY(!session.selection().client());
        QTRY_VERIFY_WITH_TIMEOUT(!session.is_busy(), patience_ms);
        QVERIFY(session.range().is_all());
    }

    void what_cannot_be_opened_is_said()
    {
        CaseSession session;
        session.set_cases_folder(scratch + "/cases");
        const QSignalSpy failed(&session, &CaseSession::failed);
        open(session, scratch + "/nowhere");
        QCOMPARE(failed.size(), 1);
        QVERIFY(!session.is_open());
        QFile text(scratch + "/text.fedcase");
        QVERIFY(text.open(QIODevice::WriteOnly));
        text.write("this is no case");
        text.close();
        open(session, text.fileName());
        QCOMPARE(failed.size(), 2);
        QVERIFY(QDir().mkpath(scratch + "/empty"));
        open(session, scratch + "/empty");
        QCOMPARE(failed.size(), 3);
        QVERIFY(!session.is_open());
    }

    void a_stop_keeps_what_was_finished()
    {
        CaseSession session;
        session.set_cases_folder(scratch + "/cases");
        const QSignalSpy failed(&session, &CaseSession::failed);
        session.open(sample);
        session.jobs().stop_shown();
        QTRY_VERIFY_WITH_TIMEOUT(!session.is_busy(), patience_ms);
        QCOMPARE(failed.size(), 1);
        QVERIFY(failed.front().front().toString().contains("Stopped"));
        open(session, sample);
        QVERIFY(session.is_open());
        QCOMPARE(session.data()->shown_class(attacker), VerdictClass::malicious);
    }

    void decisions_are_kept_in_their_order()
    {
        CaseSession session;
        session.set_cases_folder(scratch + "/cases");
        open(session, sample);
        session.range().narrow(RoundNo{3}, RoundNo{20});
        const QStringList notes{"first", "second", "third"};
        for (const QString& note : notes) {
            model::Decision decision;
            decision.client = attacker;
            decision.decided = note == "third" ? VerdictClass::clean : VerdictClass::malicious;
            decision.note = note.toStdString();
            session.decide(decision);
        }
        QTRY_COMPARE_WITH_TIMEOUT(session.data()->decisions.size(), std::size_t{3}, patience_ms);
        for (std::size_t idx = 0; idx < 3; ++idx)
            QCOMPARE(session.data()->decisions[idx].note, notes[qsizetype(idx)].toStdString());
        QCOMPARE(session.data()->shown_class(attacker), VerdictClass::clean);
        QVERIFY(session.data()->custody_intact);
        QCOMPARE(session.range().first(), RoundNo{3});  // a decision moves nobody's view
        // Who is clean poisons no checkpoint.
        QTRY_VERIFY(session.data()->rollback->recommended != RoundNo{14});
    }

    void a_decision_outlives_the_closing()
    {
        CaseSession session;
        session.set_cases_folder(scratch + "/cases");
        open(session, sample);
        model::Decision decision;
        decision.client = attacker;
        decision.decided = VerdictClass::watch;
        decision.note = "at the last moment";
        session.decide(decision);
        session.close();
        QVERIFY(!session.is_open());
        QTRY_VERIFY(session.jobs().idle());
        open(session, sample);
        QVERIFY(session.data()->decision(attacker));
        QCOMPARE(session.data()->decision(attacker)->note, std::string("at the last moment"));
    }

    void a_failed_decision_keeps_its_note_in_sight()
    {
        CaseSession session;
        session.set_cases_folder(scratch + "/cases");
        open(session, sample);
        QSignalSpy failed(&session, &CaseSession::failed);
        model::Decision decision;
        decision.client = ClientId{"nobody"};
        decision.note = "an hour's work";
        session.decide(decision);
        QTRY_COMPARE(failed.size(), 1);
        QVERIFY(failed.front().front().toString().contains("an hour's work"));
    }

    void ledgers_come_from_the_case()
    {
        CaseSession session;
        session.set_cases_folder(scratch + "/cases");
        open(session, sample);
        LedgerPtr got;
        int answers = 0;
        for (int round = 1; round <= 12; ++round)
            session.with_ledger(RoundNo{round}, this, [&](LedgerPtr ledger) {
                got = std::move(ledger);
                ++answers;
            });
        QTRY_VERIFY(got && got->round == RoundNo{12});
        QCOMPARE(answers, 1);  // the latest request wins
        session.with_ledger(RoundNo{12}, this, [&](const LedgerPtr&) { ++answers; });
        QCOMPARE(answers, 2);  // kept: no need to wait
        bool none = false;
        session.with_ledger(RoundNo{999}, this, [&](const LedgerPtr& ledger) { none = !ledger; });
        QTRY_VERIFY(none);
    }

    void analysing_again_goes_on_the_record()
    {
        CaseSession session;
        session.set_cases_folder(scratch + "/cases");
        open(session, sample);
        const std::size_t acts = session.data()->custody.size();
        session.analyse();
        QVERIFY(session.is_busy());
        QVERIFY(session.is_open());  // what is known stays in sight
        QTRY_VERIFY_WITH_TIMEOUT(!session.is_busy(), patience_ms);
        QCOMPARE(session.data()->custody.size(), acts + 1);
        QCOMPARE(session.data()->shown_class(attacker), VerdictClass::malicious);
    }
};

QTEST_MAIN(TestSession)
#include "tst_session.moc"
