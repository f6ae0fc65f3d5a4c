// SPDX-License-Identifier: GPL-3.0-or-later
// The rollback page and the report's dialog on a real case.
#include "analysis/analyse.h"
#include "storage/case/case_file.h"
#include "storage/export/npz_writer.h"
#include "storage/ingest/ingest.h"
#include "support/strict_messages.h"
#include "support/ui_setup.h"
#include "ui/pages/rollback_page.h"
#include "ui/plots/line_chart.h"
#include "ui/plots/palette.h"
#include "ui/plots/plot_text.h"
#include "ui/print/report_dialog.h"
#include "ui/session/case_session.h"
#include "ui/session/jobs.h"
#include "ui/tables/table_view.h"

#include <cmath>
#include <QCheckBox>
#include <QComboBox>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSortFilterProxyModel>
#include <QTabWidget>
#include <QTest>
#include <QTextBrowser>

using namespace fedsleuth;
using namespace fedsleuth::ui;

class TestRollbackPage : public QObject {
    Q_OBJECT

private slots:
    void initTestCase();
    void init() { test::fail_on_warnings(); }
    void the_card_says_what_it_is_worth_and_costs();
    void the_contamination_is_drawn();
    void two_checkpoints_are_compared();
    void a_replay_runs_and_is_exported();
    void the_answer_comes_into_sight_where_there_is_little_room();
    void a_probe_set_is_added_and_drawn();
    void a_decision_is_measured_anew();
    void the_report_is_previewed_and_saved();

private:
    /// A window with the page on a copy of the case.
    struct Shown {
        CaseSession session;
        QWidget window;
        RollbackPage page{session, &window};

        explicit Shown(const QString& case_path)
        {
            window.resize(1200, 900);
            page.setGeometry(0, 0, 1200, 900);
            window.show();
            session.open(case_path);
        }
        [[nodiscard]] QString words() const
        {
            QStringList texts;
            for (const QLabel* label : page.findChildren<QLabel*>())
                if (!label->isHidden()) texts << label->text();
            return texts.join(u'\n');
        }
        void open_tab(const QString& title)
        {
            auto* tabs = page.findChild<QTabWidget*>();
            for (int idx = 0; idx < tabs->count(); ++idx)
                if (tabs->tabText(idx) == title) tabs->setCurrentIndex(idx);
        }
        template <class Widget>
        [[nodiscard]] Widget* named(const QString& name) const
        {
            for (Widget* widget : page.findChildren<Widget*>())
                if (widget->accessibleName() == name) return widget;
            return nullptr;
        }
        [[nodiscard]] QPushButton* button(const QString& text) const
        {
            for (QPushButton* button : page.findChildren<QPushButton*>())
                if (button->text().remove(u'&') == text) return button;
            return nullptr;
        }
        [[nodiscard]] LineChart* chart(const QString& line) const
        {
            for (LineChart* chart : page.findChildren<LineChart*>())
                for (const ChartLine& each : chart->contents().lines)
                    if (each.name == line && chart->isVisibleTo(&page)) return chart;
            return nullptr;
        }
    };
    [[nodiscard]] QString copy(const QString& name) const
    {
        const QString path = QStringLiteral(FEDSLEUTH_SCRATCH "/") + name;
        QFile::remove(path);
        return QFile::copy(case_, path) ? path : QString();
    }
    QString case_;
};

void TestRollbackPage::initTestCase()
{
    test::set_up_application();
    case_ = QStringLiteral(FEDSLEUTH_SCRATCH "/sample.fedcase");
    QFile::remove(case_);
    model::Progress progress;
    QVERIFY(storage::ingest(FEDSLEUTH_SOURCE "/resources/sample", case_.toStdString(), {}, progress));
    auto store = storage::CaseFile::open(case_.toStdString());
    QVERIFY(store && analysis::analyse(**store, **store, {}, progress));
}

void TestRollbackPage::the_card_says_what_it_is_worth_and_costs()
{
    Shown shown(copy("card.fedcase"));
    QTRY_VERIFY(shown.session.data() && shown.session.data()->answer);
    const analysis::RollbackAnswer& answer = *shown.session.data()->answer;
    QVERIFY(answer.rollback.recommended && answer.price->rounds > 0);
    const std::int64_t recommended = answer.rollback.recommended->value();
    QTRY_VERIFY(shown.words().contains(QStringLiteral("Checkpoint of round %1 — recommended").arg(recommended)));
    QVERIFY(shown.words().contains(QStringLiteral("loses %1 rounds").arg(24 - recommended)));
    QVERIFY(shown.words().contains(QStringLiteral("%1 of these").arg(answer.price->clean_updates)));
    shown.session.selection().select_round(model::RoundNo{16});
    QVERIFY(shown.words().contains(QStringLiteral("Checkpoint of round 16")));
    QVERIFY(shown.words().contains(QStringLiteral("Holds updates of")));
}

void TestRollbackPage::the_contamination_is_drawn()
{
    Shown shown(copy("chart.fedcase"));
    QTRY_VERIFY(shown.session.data() && shown.session.data()->answer);
    shown.open_tab(QStringLiteral("Contamination"));
    LineChart* chart = shown.chart(QStringLiteral("updates as sent"));
    QVERIFY(chart);
    const auto& points = chart->contents().lines.front().points;
    QCOMPARE(points.size(), std::size_t{25});
    const auto& candidates = shown.session.data()->rollback->candidates;
    for (std::size_t idx = 0; idx < points.size(); ++idx)
        QVERIFY(std::abs(points[idx].y() - 100 * *candidates[idx].contamination) < 1e-9);
    QVERIFY(points[0].y() == 0 && points[24].y() > 0);
    for (const QPalette& colors : {light_window_palette(), dark_window_palette()}) {
        shown.page.setPalette(colors);
        QVERIFY(!shown.page.grab().isNull());
    }
}

void TestRollbackPage::two_checkpoints_are_compared()
{
    const QString path = copy("compare.fedcase");
    Shown shown(path);
    QTRY_VERIFY(shown.session.data() && shown.session.data()->answer);
    shown.open_tab(QStringLiteral("Compare two"));
    auto* first = shown.named<QComboBox>(QStringLiteral("First checkpoint"));
    auto* second = shown.named<QComboBox>(QStringLiteral("Second checkpoint"));
    QVERIFY(first && second);
    first->setCurrentIndex(14);
    QCOMPARE(second->currentData().toInt(), 24);
    auto* layers = shown.named<TableView>(QStringLiteral("Layers"));
    QTRY_COMPARE(layers->model()->rowCount(), 5);  // the whole, and four layers
    auto store = storage::CaseFile::open(path.toStdString(), storage::CaseFile::Mode::read_only);
    const std::int64_t d = *(*store)->coordinates();
    std::vector<float> values(static_cast<std::size_t>(2 * d));
    const std::array<model::VectorRef, 2> refs{
        model::VectorRef{model::VectorRef::Kind::checkpoint, model::RoundNo{14}, {}},
        model::VectorRef{model::VectorRef::Kind::checkpoint, model::RoundNo{24}, {}}};
    QVERIFY((*store)->read(refs, 0, d, values.data()));
    long double aa = 0, bb = 0, ab = 0, apart = 0;
    for (std::int64_t idx = 0; idx < d; ++idx) {
        const long double a = values[std::size_t(idx)], b = values[std::size_t(d + idx)];
        aa += a * a, bb += b * b, ab += a * b, apart += (a - b) * (a - b);
    }
    const double degrees = double(std::acos(ab / std::sqrt(aa * bb)) * 180 / std::acos(-1.0L));
    const QAbstractItemModel& table = *layers->model();
    QCOMPARE(table.index(0, 2).data().toString(), QString::number(double(std::sqrt(apart)), 'g', 4));
    QCOMPARE(table.index(0, 4).data().toString(), QString::number(degrees, 'f', 2));
    // What was compared, by how much it differs, and what that does not mean.
    const QString share = QString::number(100 * double(std::sqrt(apart / aa)), 'f', 1);
    for (const QString& part : {QStringLiteral("weights after round 14 and those after round 24 lie %1 apart")
                                    .arg(table.index(0, 2).data().toString()),
                                QStringLiteral("which is %1\u00a0% of the length of the first").arg(share),
                                QStringLiteral("accuses nobody"), QStringLiteral("round 24 contaminated")})
        QVERIFY2(shown.words().contains(part), qPrintable(part + u'\n' + shown.words()));
}

void TestRollbackPage::a_replay_runs_and_is_exported()
{
    Shown shown(copy("replay.fedcase"));
    QTRY_VERIFY(shown.session.data() && shown.session.data()->answer);
    shown.open_tab(QStringLiteral("What would have been"));
    QVERIFY(!shown.button(QStringLiteral("Export…"))->isEnabled());
    const auto* start = shown.named<QComboBox>(QStringLiteral("From checkpoint"));
    const std::int64_t from = shown.session.data()->rollback->recommended->value();
    QCOMPARE(start->itemText(0), QStringLiteral("round %1 (recommended)").arg(from));
    shown.page.findChild<QCheckBox*>()->setChecked(false);
    QCOMPARE(start->itemText(0), QStringLiteral("the first checkpoint"));
    shown.page.findChild<QCheckBox*>()->setChecked(true);
    shown.button(QStringLiteral("Replay"))->click();
    QTRY_VERIFY(shown.button(QStringLiteral("Export…"))->isEnabled());
    QVERIFY(shown.words().contains(QStringLiteral("From the checkpoint of round %1 to that of round 24").arg(from)));
    LineChart* chart = shown.chart(QStringLiteral("updates as sent"));
    QVERIFY(chart);
    QCOMPARE(chart->contents().lines.front().points.size(), std::size_t(24 - from + 1));
    // What can't be is said, and the last curve is gone.
    auto* exclude = shown.named<QLineEdit>(QStringLiteral("Other clients to leave out"));
    exclude->setText(QStringLiteral("nobody-known"));
    shown.button(QStringLiteral("Replay"))->click();
    QTRY_VERIFY(shown.words().contains(QStringLiteral("nobody-known")));
    QVERIFY(!shown.button(QStringLiteral("Export…"))->isEnabled());
}

void TestRollbackPage::the_answer_comes_into_sight_where_there_is_little_room()
{
    Shown shown(copy("little.fedcase"));
    shown.page.setGeometry(0, 0, 760, 560);
    QTRY_VERIFY(shown.session.data() && shown.session.data()->answer);
    shown.open_tab(QStringLiteral("What would have been"));
    const auto* answer = shown.page.findChild<QLabel*>(QStringLiteral("replay_answer"));
    QVERIFY(answer);
    shown.button(QStringLiteral("Replay"))->click();
    QTRY_VERIFY(shown.button(QStringLiteral("Export…"))->isEnabled());
    QTRY_VERIFY(answer->visibleRegion().boundingRect().height() > 30);
    // Nor is a name in the chart's legend cut off: three lines, three names.
    LineChart* chart = shown.chart(QStringLiteral("updates as sent"));
    QVERIFY(chart);
    double wide = chart->chart()->plotArea().left();
    for (const ChartLine& line : chart->contents().lines)
        wide += 37 + QFontMetricsF(small_font(chart->font())).horizontalAdvance(line.name);
    wide -= 12;  // the gap behind the last
    QVERIFY2(wide < chart->width(), qPrintable(QString::number(wide)));
}

void TestRollbackPage::a_probe_set_is_added_and_drawn()
{
    // Inputs of all the same: whatever the model, it answers all alike, so that one label's share is all or nothing.
    const std::vector<double> inputs(std::size_t{20} * 64, 0.5), labels(20, 3.0);
    const std::vector<storage::NamedArray> arrays{{"x", {20, 8, 8}, inputs}, {"y", {20}, labels}};
    const std::string file = FEDSLEUTH_SCRATCH "/probe.npz";
    QVERIFY(storage::write_npz(file, arrays, {.type = storage::NumberType::float32, .overwrite = true}));
    Shown shown(copy("probe.fedcase"));
    QTRY_VERIFY(shown.session.data() && shown.session.data()->answer && !shown.session.is_busy());
    // What does not fit the model is refused with file and reason, and is not kept.
    const std::string misfit = FEDSLEUTH_SCRATCH "/misfit.npz";
    const std::vector<double> few(140, 0.5);
    const std::vector<storage::NamedArray> small{{"x", {20, 7}, few}, {"y", {20}, labels}};
    QVERIFY(storage::write_npz(misfit, small, {.type = storage::NumberType::float32, .overwrite = true}));
    QString said;
    connect(&shown.session, &CaseSession::failed, this, [&](const QString& why) { said = why; });
    for (const ProbeKind kind : {ProbeKind::clean, ProbeKind::misclassified}) {
        said.clear();
        shown.session.add_probe(QString::fromStdString(misfit), kind);
        QTRY_VERIFY(!said.isEmpty() && !shown.session.is_busy());
        QVERIFY2(said.contains("was not added") && said.contains("misfit.npz") && said.contains("7 numbers"),
                 qPrintable(said));
        QVERIFY(shown.session.probes().empty());
    }

    shown.session.add_probe(QString::fromStdString(file), ProbeKind::clean);
    QTRY_VERIFY(shown.session.probes().probe && !shown.session.is_busy());
    const auto store = storage::CaseFile::open(shown.session.data()->case_path, storage::CaseFile::Mode::read_only);
    QVERIFY(store.has_value());
    const std::vector<model::CustodyEntry> acts = *(*store)->custody();
    QVERIFY(std::ranges::any_of(acts, [&](const model::CustodyEntry& act) {
        return act.parameters_json.find(shown.session.probes().probe->sha256) != std::string::npos;
    }));

    shown.open_tab(QStringLiteral("What would have been"));
    shown.button(QStringLiteral("Replay"))->click();
    QTRY_VERIFY(shown.button(QStringLiteral("Export…"))->isEnabled());
    LineChart* chart = shown.chart(QStringLiteral("accuracy, shipped"));
    QVERIFY(chart && chart->height() >= 130);
    const std::int64_t from = shown.session.data()->rollback->recommended->value();
    QCOMPARE(chart->contents().lines.front().points.size(), std::size_t(24 - from + 1));
    for (const ChartLine& line : chart->contents().lines)
        for (const QPointF& point : line.points) QVERIFY(point.y() == 0 || point.y() == 100);
    // Two charts share the room: the name of their common axis is written once.
    QVERIFY(chart->contents().x.titled);
    const LineChart* upper = shown.chart(QStringLiteral("updates as sent"));
    QVERIFY(upper && !upper->contents().x.titled &&
            upper->chart()->axes(Qt::Horizontal).front()->titleText().isEmpty());
}

void TestRollbackPage::a_decision_is_measured_anew()
{
    Shown shown(copy("decided.fedcase"));
    QTRY_VERIFY(shown.session.data() && shown.session.data()->answer);
    for (const analysis::Removal& flagged : shown.session.data()->answer->flagged) {
        model::Decision decision;
        decision.client = flagged.client;
        decision.decided = model::VerdictClass::clean;
        decision.note = "a test";
        shown.session.decide(decision);
    }
    shown.open_tab(QStringLiteral("Contamination"));
    QTRY_VERIFY(shown.words().contains(QStringLiteral("No flagged client's update went into any checkpoint")));
}

void TestRollbackPage::the_report_is_previewed_and_saved()
{
    const QString path = copy("report.fedcase");
    Shown shown(path);
    QTRY_VERIFY(shown.session.data() && shown.session.data()->answer);
    ReportDialog dialog(shown.session);
    dialog.setAttribute(Qt::WA_DeleteOnClose, false);
    dialog.show();
    QTRY_VERIFY(dialog.ready());
    auto* preview = dialog.findChild<QTextBrowser*>();
    QVERIFY(preview->toPlainText().contains(QStringLiteral("Go back to the checkpoint of round")));
    QVERIFY(preview->toPlainText().contains(QStringLiteral("site-07")));
    for (const char* ending : {"html", "pdf", "json"}) {
        const QString out = QStringLiteral(FEDSLEUTH_SCRATCH "/saved.") + ending;
        QFile::remove(out);
        dialog.save_to(out);
        QTRY_VERIFY(QFile::exists(out) && shown.session.jobs().idle());
    }
    QFile json(QStringLiteral(FEDSLEUTH_SCRATCH "/saved.json"));
    QVERIFY(json.open(QIODevice::ReadOnly));
    QCOMPARE(QJsonDocument::fromJson(json.readAll()).object()["rollback"].toObject()["recommended"].toInt(),
             int(shown.session.data()->rollback->recommended->value()));
    auto store = storage::CaseFile::open(path.toStdString(), storage::CaseFile::Mode::read_only);
    const auto custody = (*store)->custody();
    QVERIFY(custody && custody->back().action == "export" && custody->back().subject.ends_with("saved.json"));
    dialog.findChild<QCheckBox*>()->setChecked(true);
    QTRY_VERIFY(dialog.ready());
    QVERIFY(!preview->toPlainText().contains(QStringLiteral("site-07")));
}

QTEST_MAIN(TestRollbackPage)
#include "tst_rollback_page.moc"
