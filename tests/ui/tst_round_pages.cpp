// SPDX-License-Identifier: GPL-3.0-or-later
// The Rounds and Clients pages on the sample federation, driven as a person would.
#include "quiet.h"
#include "ui/pages/clients_page.h"
#include "ui/pages/rounds_page.h"
#include "ui/pages/rules_panel.h"
#include "ui/plots/heat_map.h"
#include "ui/plots/line_chart.h"
#include "ui/plots/palette.h"
#include "ui/plots/ribbon.h"
#include "ui/plots/scatter.h"
#include "ui/session/case_session.h"
#include "ui/session/jobs.h"
#include "ui/tables/table_view.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QSlider>
#include <QSpinBox>
#include <QTabWidget>
#include <QTemporaryDir>
#include <QToolButton>
#include <QtTest>

using namespace fedsleuth;
using namespace fedsleuth::ui;
using model::RoundNo;

namespace {

bool says(const QWidget& page, const QString& part)
{
    const auto labels = page.findChildren<QLabel*>();
    return std::any_of(labels.begin(), labels.end(),
                       [&](const QLabel* label) { return label->isVisible() && label->text().contains(part); });
}

}  // namespace

class TestRoundPages : public QObject {
    Q_OBJECT
private slots:
    void without_a_case_the_pages_say_what_would_be_there()
    {
        const test::Quiet quiet;
        CaseSession session;
        RoundsPage rounds(session);
        ClientsPage clients(session);
        for (QWidget* page : std::initializer_list<QWidget*>{&rounds, &clients}) {
            page->resize(1000, 700);
            page->show();
            QVERIFY(says(*page, "No case is open"));
            QVERIFY(!page->grab().isNull());
        }
        QCOMPARE(quiet.said(), QString());
    }

    void initTestCase()
    {
        QVERIFY(folder_.isValid());
        session_ = std::make_unique<CaseSession>();
        session_->set_cases_folder(folder_.path());
        bool opened = false;
        connect(session_.get(), &CaseSession::case_opened, this, [&] { opened = true; });
        connect(session_.get(), &CaseSession::failed, this,
                [](const QString& message) { qWarning("%s", qPrintable(message)); });
        session_->open(QStringLiteral(FEDSLEUTH_SOURCE "/resources/sample"));
        QTRY_VERIFY_WITH_TIMEOUT(opened, 60000);
        QVERIFY(session_->data() && session_->data()->verdicts);
    }

    void init()
    {
        session_->selection().clear();
        session_->range().widen();
    }

    void the_rounds_page_opens_on_the_most_suspicious_round()
    {
        const test::Quiet quiet;
        RoundsPage page(*session_);
        page.resize(1200, 800);
        page.show();
        QVERIFY(says(page, "Round 15: site-07"));
        QWidget* const updates = page.findChild<QTabWidget*>()->widget(0);
        auto* const scatter = updates->findChild<Scatter*>();
        auto* const map = updates->findChild<HeatMap*>();
        auto* const table = updates->findChild<TableView*>();
        QTRY_COMPARE_WITH_TIMEOUT(scatter->contents().points.size(), 20U, 10000);
        QCOMPARE(map->contents().rows, 20U);
        QCOMPARE(table->model()->rowCount(), 20);
        QCOMPARE(table->model()->index(0, 0).data().toString(), QStringLiteral("site-07"));
        // Selecting in one figure selects everywhere, and goes nowhere.
        bool activated = false;
        connect(&session_->selection(), &Selection::client_activated, this, [&] { activated = true; });
        emit map->cell_selected(3, -1);
        QCOMPARE(session_->selection().client()->text(), map->contents().row_names[3].toStdString());
        QCOMPARE(table->currentIndex().siblingAtColumn(0).data().toString(), map->contents().row_names[3]);
        emit scatter->point_selected(0);
        QCOMPARE(session_->selection().client()->text(), scatter->contents().points[0].name.toStdString());
        QVERIFY(!activated);
        emit map->cell_activated(3, 3);
        QVERIFY(activated);
        page.findChild<QComboBox*>()->setCurrentIndex(1);
        QVERIFY(scatter->contents().by_cluster);
        QCOMPARE(quiet.said(), QString());
    }

    void rounds_are_stepped_through_and_only_the_last_answer_arrives()
    {
        const test::Quiet quiet;
        RoundsPage page(*session_);
        page.resize(1200, 800);
        page.show();
        auto* const number = page.findChild<QSpinBox*>();
        QCOMPARE(number->value(), 15);
        for (int round = 1; round <= 24; ++round) session_->selection().select_round(RoundNo{round});
        session_->selection().select_round(RoundNo{3});
        auto* const scatter = page.findChild<Scatter*>();
        QTRY_VERIFY_WITH_TIMEOUT(!scatter->contents().points.empty(), 10000);
        QTest::qWait(200);
        QVERIFY(says(page, "Round 3: "));
        QCOMPARE(number->value(), 3);
        const auto buttons = page.findChildren<QToolButton*>();
        const auto press = [&](const QString& tip) {
            for (QToolButton* button : buttons)
                if (button->toolTip().contains(tip)) button->click();
        };
        press("Next");
        QCOMPARE(*session_->selection().round(), RoundNo{4});
        press("Previous");
        press("Previous");
        press("Previous");
        press("Previous");
        QCOMPARE(*session_->selection().round(), RoundNo{1});
        press("most suspicious");
        QCOMPARE(*session_->selection().round(), RoundNo{15});
        number->setValue(20);
        QCOMPARE(*session_->selection().round(), RoundNo{20});
        session_->range().narrow(RoundNo{5}, RoundNo{10});
        QVERIFY(says(page, "rounds 5 to 10 are chosen, this one is not among them"));
        press("Previous");
        QCOMPARE(*session_->selection().round(), RoundNo{10});
        session_->selection().select_round(RoundNo{0});  // a checkpoint before training: nothing of it to draw
        QCOMPARE(quiet.said(), QString());
    }

    void the_rules_panel_answers_while_it_is_turned()
    {
        const test::Quiet quiet;
        session_->selection().select_round(RoundNo{15});
        RoundsPage page(*session_);
        page.resize(1300, 800);
        page.show();
        page.findChild<QTabWidget*>()->setCurrentIndex(1);
        auto* const panel = page.findChild<RulesPanel*>();
        auto* const map = panel->findChild<HeatMap*>();
        auto* const view = panel->findChild<TableView*>();
        QTRY_VERIFY_WITH_TIMEOUT(panel->answer() != nullptr && panel->is_up_to_date(), 30000);
        const std::size_t rules = analysis::every_rule().size();
        QCOMPARE(panel->answer()->rules.size(), rules);
        QCOMPARE(map->contents().cols, rules);
        QCOMPARE(map->contents().rows, 20U);
        QVERIFY(std::ranges::is_sorted(map->contents().row_verdicts, std::greater<>()));  // the gravest first
        QCOMPARE(view->model()->rowCount(), int(rules));
        const auto outcome = [&](const char* rule) {
            const auto& all = panel->answer()->rules;
            return *std::ranges::find_if(all, [&](const auto& candidate) { return candidate.rule == rule; });
        };
        // The attacker of round 15 shipped: FedAvg is the server's own step, Krum leaves it far behind.
        QVERIFY(outcome("fedavg").to_shipped.distance < 1e-3 * panel->answer()->shipped_norm);
        QVERIFY(outcome("krum").to_shipped.distance > 0.5 * panel->answer()->shipped_norm);
        QVERIFY(outcome("krum").flagged_share == 0);
        QVERIFY(!outcome("median").waiting && outcome("median").norm > 0);
        // Dragged through all of its range, it ends with the last one's answer.
        auto* const slider = panel->findChildren<QSlider*>().front();
        for (int f = slider->minimum(); f <= slider->maximum(); ++f) slider->setValue(f);
        slider->setValue(2);
        QTRY_VERIFY_WITH_TIMEOUT(panel->is_up_to_date(), 30000);
        QCOMPARE(std::ranges::count_if(outcome("multi-krum").weights, [](double weight) { return weight > 0; }), 16);
        // Without site-07, FedAvg is no longer what the server shipped, and its row is empty.
        auto* const list = panel->findChild<QListWidget*>();
        const auto row = std::size_t(std::ranges::find(map->contents().row_names, QStringLiteral("site-07")) -
                                     map->contents().row_names.begin());
        QVERIFY(row < 20);
        list->item(int(row))->setCheckState(Qt::Unchecked);
        QTRY_VERIFY_WITH_TIMEOUT(panel->answer()->clients.size() == 19 && panel->is_up_to_date(), 30000);
        QVERIFY(outcome("fedavg").to_shipped.distance > 0.5 * panel->answer()->shipped_norm);
        QVERIFY(std::isnan(map->contents().values[row * rules]));
        QVERIFY(!std::isnan(map->contents().values[(row == 0 ? 1 : 0) * rules]));
        emit map->cell_selected(4, 2);
        QCOMPARE(session_->selection().client()->text(), map->contents().row_names[4].toStdString());
        QCOMPARE(list->currentRow(), 4);
        session_->selection().select_round(RoundNo{3});
        QTRY_VERIFY_WITH_TIMEOUT(
            panel->answer() != nullptr && panel->answer()->round == RoundNo{3} && panel->is_up_to_date(), 30000);
        QVERIFY(!page.grab().isNull());
        QCOMPARE(quiet.said(), QString());
    }

    void the_clients_page_filters_and_charts()
    {
        const test::Quiet quiet;
        ClientsPage page(*session_);
        page.resize(1200, 800);
        page.show();
        auto* const map = page.findChild<HeatMap*>();
        auto* const chart = page.findChild<LineChart*>();
        QCOMPARE(map->contents().rows, 20U);
        QCOMPARE(map->contents().cols, 24U);
        const std::vector<QString> names = map->contents().row_names;
        const auto attacker = std::find(names.begin(), names.end(), QStringLiteral("site-07")) - names.begin();
        QVERIFY2(attacker < 3, "the three attackers stand above the others");
        QVERIFY(says(page, "20 of 20 clients shown"));
        QVERIFY(chart->contents().lines.empty());
        emit map->cell_selected(static_cast<int>(attacker), 14);
        QCOMPARE(session_->selection().client()->text(), std::string("site-07"));
        QCOMPARE(*session_->selection().round(), RoundNo{15});
        QCOMPARE(chart->contents().lines.size(), 2U);
        QCOMPARE(chart->contents().bands.size(), 1U);
        QCOMPARE(chart->contents().marks.size(), 1U);
        QCOMPARE(*chart->contents().caret_x, 15.0);
        session_->range().narrow(RoundNo{10}, RoundNo{20});
        QCOMPARE(map->contents().cols, 11U);
        QVERIFY(says(page, "rounds 10 to 20 chosen"));
        auto* const filter = page.findChild<QLineEdit*>();
        filter->setText("class:>=suspect");
        std::size_t accused = 0;
        for (const model::Verdict& verdict : session_->data()->verdicts->clients)
            accused += verdict.verdict >= model::VerdictClass::suspect;
        QVERIFY(accused >= 3 && accused < 20);  // those who attacked, at least
        QCOMPARE(map->contents().rows, accused);
        QVERIFY(says(page, QString("%1 of 20 clients shown").arg(accused)));
        filter->setText("class:nonsense");
        QCOMPARE(map->contents().rows, 20U);
        QVERIFY(says(page, "does nothing"));
        filter->setText("nobody");
        QCOMPARE(map->contents().rows, 0U);
        QVERIFY(says(page, "left out above by the filter"));
        filter->clear();
        auto* const statistic = page.findChildren<QComboBox*>().front();
        for (int idx = 0; idx < statistic->count(); ++idx) {
            statistic->setCurrentIndex(idx);
            QVERIFY(!page.grab().isNull());
        }
        QCOMPARE(quiet.said(), QString());
    }

    void the_ribbon_says_what_it_shows()
    {
        const RibbonContents contents = ribbon_contents(*session_->data());
        QCOMPARE(contents.rounds.size(), 24U);
        QCOMPARE(contents.quality_name, QStringLiteral("accuracy"));
        for (const RibbonRound& round : contents.rounds)  // the free riders begin in round 18
            if (round.round < RoundNo{18}) QCOMPARE(round.flagged, round.round == RoundNo{15});
        QVERIFY(contents.rounds[23].flagged);
        QVERIFY(contents.rounds[14].note.contains("site-07"));
    }

    void both_palettes_are_painted_without_a_warning()
    {
        const test::Quiet quiet;
        session_->selection().select_client(model::ClientId{"site-07"});
        for (const QPalette& palette : {light_window_palette(), dark_window_palette()}) {
            RoundsPage rounds(*session_);
            ClientsPage clients(*session_);
            for (QWidget* page : std::initializer_list<QWidget*>{&rounds, &clients}) {
                page->setPalette(palette);
                page->resize(1200, 800);
                page->show();
                QTest::qWait(300);
                const QImage image = page->grab().toImage();
                QVERIFY(!image.isNull());
                page->resize(360, 300);
                QVERIFY(!page->grab().isNull());
            }
        }
        QCOMPARE(quiet.said(), QString());
    }

    void closing_empties_the_pages()
    {
        const test::Quiet quiet;
        CaseSession session;
        session.set_cases_folder(folder_.filePath("second"));
        RoundsPage page(session);
        page.resize(900, 600);
        page.show();
        session.open(QString::fromStdString(session_->data()->case_path));
        auto* const scatter = page.findChild<Scatter*>();
        QTRY_VERIFY_WITH_TIMEOUT(!scatter->contents().points.empty(), 20000);
        session.close();
        QVERIFY(scatter->contents().points.empty());
        QVERIFY(says(page, "No case is open"));
        QCOMPARE(quiet.said(), QString());
    }

private:
    QTemporaryDir folder_;
    std::unique_ptr<CaseSession> session_;
};

QTEST_MAIN(TestRoundPages)
#include "tst_round_pages.moc"
