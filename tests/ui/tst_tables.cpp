// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/strict_messages.h"
#include "ui/tables/table_view.h"

#include <cmath>
#include <QAbstractItemModelTester>
#include <QClipboard>
#include <QGuiApplication>
#include <QHeaderView>
#include <QSignalSpy>
#include <QTest>

using namespace fedsleuth;
using namespace fedsleuth::ui;

namespace {

struct Row {
    std::string name;
    std::optional<double> size;
    model::VerdictClass verdict = model::VerdictClass::clean;
};

std::vector<RowTable<Row>::Column> columns()
{
    return {{{"Name", "who", false, 10}, [](const Row& row) { return text_cell(row.name); }},
            {{"Size", "in metres", true, 8}, [](const Row& row) { return number_cell(row.size); }},
            {{"Class", "", false, 0, true}, [](const Row& row) { return verdict_cell(row.verdict); }}};
}

std::vector<Row> rows()
{
    return {{"b", 10.0, model::VerdictClass::malicious}, {"a", std::nullopt, {}}, {"c", 9.0, {}}, {"d", -2.5, {}}};
}

QStringList first_column(const QAbstractItemModel& model)
{
    QStringList cells;
    for (int row = 0; row < model.rowCount(); ++row) cells << model.index(row, 0).data().toString();
    return cells;
}

}  // namespace

class TestTables : public QObject {
    Q_OBJECT
private slots:
    void init() { test::fail_on_warnings(); }

    void the_model_keeps_the_rules()
    {
        RowTable<Row> table(columns());
        const QAbstractItemModelTester tester(&table, QAbstractItemModelTester::FailureReportingMode::QtTest);
        TableOrder order;
        const QAbstractItemModelTester order_tester(&order, QAbstractItemModelTester::FailureReportingMode::QtTest);
        order.setSourceModel(&table);
        table.set_rows(rows());
        QCOMPARE(table.rowCount(), 4);
        table.set_rows({});
        QCOMPARE(table.rowCount(), 0);
        table.set_rows(rows());
        order.sort(1);
    }

    void cells_say_what_they_know()
    {
        RowTable<Row> table(columns());
        table.set_rows(rows());
        QCOMPARE(as_text(table),
                 QString("Name\tSize\tClass\nb\t10\tmalicious\na\t–\tunknown\nc\t9\tunknown\nd\t-2.5\tunknown"));
        QCOMPARE(table.index(0, 1).data(Qt::TextAlignmentRole).toInt() & Qt::AlignRight, int(Qt::AlignRight));
        QCOMPARE(table.index(0, 1).data(SortRole).toDouble(), 10.0);
        QVERIFY(!table.index(1, 1).data(SortRole).isValid());
        QCOMPARE(table.index(0, 2).data(MarkRole).toInt(), int(model::VerdictClass::malicious));
        QVERIFY(!table.index(0, 0).data(MarkRole).isValid());
    }

    void numbers_sort_as_numbers_and_the_unknown_comes_last()
    {
        RowTable<Row> table(columns());
        table.set_rows(rows());
        TableOrder order;
        order.setSourceModel(&table);
        order.sort(1, Qt::AscendingOrder);
        QCOMPARE(first_column(order), (QStringList{"d", "c", "b", "a"}));
        order.sort(1, Qt::DescendingOrder);
        QCOMPARE(first_column(order), (QStringList{"b", "c", "d", "a"}));
        order.sort(-1);
        QCOMPARE(first_column(order), (QStringList{"b", "a", "c", "d"}));
    }

    void evidence_text_is_harmless()
    {
        RowTable<Row> table(columns());
        table.set_rows(
            {{"<b>x</b>\n\xe2\x80\xae"
              "y\x01\xff",
              1.0,
              {}}});
        const QString text = table.index(0, 0).data().toString();
        QVERIFY(text.contains("<b>x</b>"));  // tables draw plain text
        QVERIFY(!text.contains(QChar(0x202e)));
        QVERIFY(text.contains("\\u202e"));
        QVERIFY(text.contains("\\x01"));
        QVERIFY(!text.contains(u'\n'));
        QVERIFY(!table.index(0, 0).data(Qt::ToolTipRole).toString().contains("<b>"));  // tooltips may not
    }

    void selecting_is_not_activating()
    {
        RowTable<Row> table(columns());
        table.set_rows(rows());
        TableView view;
        view.show_table(&table);
        view.resize(400, 200);
        view.show();
        view.sortByColumn(1, Qt::AscendingOrder);
        QSignalSpy selected(&view, &TableView::row_selected);
        QSignalSpy activated(&view, &TableView::row_activated);
        const QPoint top = view.visualRect(view.model()->index(0, 0)).center();
        QTest::mouseClick(view.viewport(), Qt::LeftButton, {}, top);
        QCOMPARE(selected.size(), 1);
        QCOMPARE(selected.front().front().toInt(), 3);  // the row of the table, not of the screen
        QCOMPARE(activated.size(), 0);
        QTest::mouseDClick(view.viewport(), Qt::LeftButton, {}, top);
        QCOMPARE(activated.size(), 1);
        QTest::keyClick(&view, Qt::Key_Return);
        QCOMPARE(activated.size(), 2);
        view.select_row(0);
        QCOMPARE(view.selected_row(), std::optional<int>(0));
        view.select_row(std::nullopt);
        QVERIFY(!view.selected_row());
        QCOMPARE(selected.size(), 1);  // what the program does is not told again
    }

    void rows_are_copied_in_the_order_on_screen()
    {
        RowTable<Row> table(columns());
        table.set_rows(rows());
        TableView view;
        view.show_table(&table);
        view.sortByColumn(1, Qt::AscendingOrder);
        view.select_row(2);
        QTest::keyClick(&view, Qt::Key_C, Qt::ControlModifier);
        QCOMPARE(QGuiApplication::clipboard()->text(), QString("c\t9\tunknown"));
        view.selectAll();
        QTest::keyClick(&view, Qt::Key_C, Qt::ControlModifier);
        const QStringList lines = QGuiApplication::clipboard()->text().split(u'\n');
        QCOMPARE(lines.size(), 5);
        QCOMPARE(lines.front(), QString("Name\tSize\tClass"));
        QVERIFY(lines[1].startsWith("d\t"));
    }

    void numbers_have_the_digits_that_they_deserve()
    {
        QCOMPARE(probability_cell(0.9999).text, QString("> 99.9\u00a0%"));
        QCOMPARE(probability_cell(0.5).text, QString("50.0\u00a0%"));
        QCOMPARE(probability_cell(0.0).text, QString("< 0.1\u00a0%"));
        QCOMPARE(count_cell(1234567).text, QString("1,234,567"));
        QCOMPARE(scientific_cell(2e-7).text, QString("2.0e-07"));
        QCOMPARE(fixed_cell(44.867, 2).text, QString("44.87"));
        QCOMPARE(time_cell("2026-03-06T16:00:07.25Z").text, QString("2026-03-06 16:00:07 UTC"));
        QCOMPARE(time_cell("yesterday").text, QString("yesterday"));
        for (const Cell& cell :
             {number_cell(std::nan("")), round_cell({}), text_cell(""), percent_cell({}), time_cell("")}) {
            QCOMPARE(cell.text, QString("–"));
            QVERIFY(!cell.sort.isValid());
        }
    }
};

QTEST_MAIN(TestTables)
#include "tst_tables.moc"
