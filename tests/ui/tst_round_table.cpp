// SPDX-License-Identifier: GPL-3.0-or-later
#include "made_case.h"
#include "quiet.h"
#include "ui/pages/round_words.h"
#include "ui/tables/round_lookup.h"
#include "ui/tables/round_table.h"
#include "ui/tables/table_view.h"

#include <QAbstractItemModelTester>
#include <QtTest>

using namespace fedsleuth;
using namespace fedsleuth::ui;
using model::RoundNo;
using test::MadeCase;

class TestRoundTable : public QObject {
    Q_OBJECT
private slots:
    void is_a_sound_model_with_thousands_of_rows()
    {
        const test::Quiet quiet;
        RoundTable table;
        TableOrder order;
        order.setSourceModel(&table);
        const QAbstractItemModelTester tester(&table, QAbstractItemModelTester::FailureReportingMode::QtTest);
        const QAbstractItemModelTester ordered(&order, QAbstractItemModelTester::FailureReportingMode::QtTest);
        const CaseDataPtr data = MadeCase{.clients = 4000, .rounds = 5}.make();
        table.set_colors(Palette::of(light_window_palette()));
        for (int round = 1; round <= 5; ++round) table.set_round(data, RoundNo{round}, {});
        QVERIFY(table.rowCount() > 3000);
        QElapsedTimer timer;
        timer.start();
        order.sort(RoundTable::evidence_column, Qt::DescendingOrder);
        QVERIFY(timer.elapsed() < 3000);
        QCOMPARE(order.index(0, 0).data().toString(), QStringLiteral("site-03"));
        double before = HUGE_VAL;
        for (int row = 0; row < order.rowCount(); ++row) {
            const double evidence = order.index(row, RoundTable::evidence_column).data(SortRole).toDouble();
            QVERIFY(evidence <= before);
            before = evidence;
        }
        table.clear();
        QCOMPARE(table.rowCount(), 0);
        QCOMPARE(quiet.said(), QString());
    }

    void says_what_the_detectors_say()
    {
        RoundTable table;
        const CaseDataPtr data = MadeCase{}.make();
        for (const QPalette& palette : {light_window_palette(), dark_window_palette()}) {
            table.set_colors(Palette::of(palette));
            table.set_round(data, RoundNo{5}, {});
            const auto row = table.row_of(MadeCase::client(3));
            QVERIFY(row);
            const int norm = RoundTable::first_detector_column;
            const QModelIndex cell = table.index(*row, norm);
            QCOMPARE(cell.data().toString(), QStringLiteral("40.0"));
            QCOMPARE(cell.data(SortRole).toDouble(), 40.0);
            QVERIFY(Qt::Alignment(cell.data(Qt::TextAlignmentRole).toInt()) & Qt::AlignRight);
            QVERIFY(cell.data(Qt::BackgroundRole).isValid());
            QVERIFY(cell.data(Qt::ToolTipRole).toString().contains("times as long"));
            QCOMPARE(table.index(*row, RoundTable::norm_column).data(SortRole).toDouble(), 9.8);
            QCOMPARE(table.index(*row, 0).data(MarkRole).toInt(), int(model::VerdictClass::malicious));
            QVERIFY(table.headerData(norm, Qt::Horizontal, Qt::ToolTipRole).toString().contains("median length"));
            const auto decided = table.row_of(MadeCase::client(9));
            QVERIFY(decided);
            QCOMPARE(table.index(*decided, 0).data(MarkRole).toInt(), int(model::VerdictClass::watch));
            for (int one = 0; one < table.rowCount(); ++one) {
                const QVariant ground = table.index(one, norm).data(Qt::BackgroundRole);
                if (ground.isValid()) QVERIFY(qAlpha(ground.value<QColor>().rgba()) == 255);
            }
        }
    }

    void text_from_evidence_stays_text()
    {
        RoundTable table;
        table.set_round(MadeCase{}.make(), RoundNo{5}, {});
        const auto row = table.row_of(MadeCase::client(4));
        QVERIFY(row);
        const QString name = table.index(*row, 0).data().toString();
        QVERIFY(!name.contains(QChar(0x1b)));
        const QString tip = table.index(*row, 0).data(Qt::ToolTipRole).toString();
        QVERIFY(!tip.contains("<b>"));
        QVERIFY(tip.contains("&lt;b&gt;"));
    }

    void without_an_analysis_it_shows_what_came()
    {
        RoundTable table;
        MadeCase made;
        made.analysed = false;
        const CaseDataPtr data = made.make();
        table.set_round(data, RoundNo{5}, {{MadeCase::client(3), 2.5}});
        const auto row = table.row_of(MadeCase::client(3));
        QCOMPARE(table.index(*row, RoundTable::norm_column).data(SortRole).toDouble(), 2.5);
        QVERIFY(!table.index(*row, RoundTable::evidence_column).data(SortRole).isValid());
        QVERIFY(!table.index(*row, RoundTable::first_detector_column).data(SortRole).isValid());
        QVERIFY(!table.index(*row, RoundTable::first_detector_column).data(Qt::BackgroundRole).isValid());
        QVERIFY(round_answer(*data, RoundNo{5}).startsWith("Round 5: "));
    }

    void unusable_updates_say_why()
    {
        auto data = std::make_shared<CaseData>(*MadeCase{}.make());
        for (model::Update& update : data->updates) {
            if (update.round != RoundNo{2}) continue;
            update.state = model::SnapshotState::non_finite;
            update.state_text = "3 coordinates are NaN";
        }
        RoundTable table;
        table.set_round(data, RoundNo{2}, {});
        QVERIFY(table.has_unusable());
        QCOMPARE(table.index(0, table.columnCount() - 1).data().toString(), QStringLiteral("3 coordinates are NaN"));
        const auto obstacle = round_obstacle(*data, RoundNo{2});
        QVERIFY(obstacle && obstacle->text.contains("3 coordinates are NaN"));
        QVERIFY(!round_obstacle(*data, RoundNo{3}));
        QVERIFY(round_obstacle(*data, RoundNo{77}));
        data->rounds[3].inspectable = false;
        data->rounds[3].why_not = "secure aggregation";
        QVERIFY(round_obstacle(*data, RoundNo{4})->text.contains("secure aggregation"));
        data->updates.clear();
        QVERIFY(round_obstacle(*data, RoundNo{3})->title.contains("No updates"));
        table.set_round(data, RoundNo{3}, {});
        QCOMPARE(table.rowCount(), 0);
    }

    void probe_detectors_are_there_where_they_ran()
    {
        const auto data = std::make_shared<CaseData>(*MadeCase{}.make());
        const model::Update& update = data->updates.front();  // of round 1
        model::DetectorScores scores;
        scores.round = update.round;
        scores.detector = "probe-loss";
        scores.clients = {update.client};
        scores.statistic = {0.5};
        scores.z = {4.25};
        scores.evidence = {3};
        data->scores[0].push_back(scores);
        RoundTable table;
        const auto column_titled = [&](const QString& title) {
            for (int column = 0; column < table.columnCount(); ++column)
                if (table.head(column).title == title) return column;
            return -1;
        };
        const int loss = column_titled("Loss on the probe set"), trace = column_titled("Trace of the misclassified input");
        QVERIFY(loss > 0 && trace > 0);
        table.set_round(data, RoundNo{1}, {});
        QVERIFY(!table.is_idle(loss) && table.is_idle(trace));
        QVERIFY(!table.is_idle(RoundTable::evidence_column) && !table.is_idle(table.columnCount() - 1));
        QCOMPARE(table.index(*table.row_of(update.client), loss).data().toString(), QStringLiteral("4.3"));
        table.set_round(data, RoundNo{2}, {});
        QVERIFY(table.is_idle(loss) && table.is_idle(trace));
    }

    void titles_answer()
    {
        const CaseDataPtr data = MadeCase{}.make();
        QCOMPARE(round_answer(*data, RoundNo{5}),
                 QStringLiteral("Round 5: site-03's update is 9.8 times as long as the median one"));
        QVERIFY(round_answer(*data, RoundNo{6}).contains("no client is suspected"));
        // Whom the title names is whom the table lists first.
        RoundTable table;
        TableOrder order;
        order.setSourceModel(&table);
        table.set_round(data, RoundNo{6}, {});
        order.sort(RoundTable::evidence_column, Qt::DescendingOrder);
        QVERIFY(round_answer(*data, RoundNo{6}).endsWith(order.index(0, 0).data().toString()));
        QCOMPARE(*most_suspicious_round(*data, RoundNo{1}, RoundNo{12}),
                 RoundNo{most_suspicious_round(*data, RoundNo{5}, RoundNo{5}) ==
                                 most_suspicious_round(*data, RoundNo{1}, RoundNo{12})
                             ? 5
                             : 10});
        QVERIFY(!most_suspicious_round(*data, RoundNo{50}, RoundNo{60}));
        MadeCase made;
        made.analysed = false;
        QCOMPARE(*most_suspicious_round(*made.make(), RoundNo{3}, RoundNo{9}), RoundNo{3});
        QVERIFY(round_counts(*data, RoundNo{5}).contains("all usable"));
        QCOMPARE(updates_of(*data, RoundNo{5}).size(), scores_of(*data, RoundNo{5})[0].clients.size());
        QVERIFY(updates_of(*data, RoundNo{99}).empty());
        QVERIFY(scores_of(*data, RoundNo{99}).empty());
    }
};

QTEST_MAIN(TestRoundTable)
#include "tst_round_table.moc"
