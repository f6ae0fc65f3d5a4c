// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/strict_messages.h"
#include "support/ui_setup.h"
#include "ui/pages/workshop_page.h"
#include "ui/plots/line_chart.h"
#include "ui/plots/ribbon.h"
#include "ui/session/case_paths.h"
#include "ui/session/jobs.h"
#include "ui/shell/dossier_view.h"
#include "ui/shell/main_window.h"
#include "ui/tables/table_view.h"

#include <memory>
#include <QAction>
#include <QComboBox>
#include <QDockWidget>
#include <QDropEvent>
#include <QLabel>
#include <QListWidget>
#include <QMimeData>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTemporaryDir>
#include <QTest>

using namespace fedsleuth;
using namespace fedsleuth::ui;
using model::ClientId;
using model::RoundNo;
using model::VerdictClass;

namespace {

constexpr int patience_ms = 60'000;
const QString scratch = QStringLiteral(FEDSLEUTH_SCRATCH);
const ClientId attacker{"site-07"};

/// The real window, with a person who always picks what `picked` says.
struct Driven {
    QString picked;
    int abouts = 0;
    std::unique_ptr<MainWindow> window;

    Driven()
    {
        Pickers pickers;
        pickers.evidence_folder = [this](QWidget*, const QString&, const Pickers::Answer& answer) { answer(picked); };
        pickers.case_file = pickers.evidence_folder;
        pickers.about = [this](QWidget*) { ++abouts; };
        window = std::make_unique<MainWindow>(pickers);
        window->session().set_cases_folder(scratch + "/cases");
        window->show();
    }
    CaseSession& session() { return window->session(); }
    QAction* action(const QString& text)
    {
        for (QAction* action : window->findChildren<QAction*>())
            if (action->text().remove(u'&') == text) return action;
        return nullptr;
    }
    template <class T>
    T* part(const char* name)
    {
        return window->findChild<T*>(QString::fromLatin1(name));
    }
    QString dossier() { return part<DossierView>("dossier")->toPlainText(); }
    QString suspects() { return as_text(*part<TableView>("suspects")->model()); }
};

void click_row(TableView* view, int row)
{
    QTest::mouseClick(view->viewport(), Qt::LeftButton, {}, view->visualRect(view->model()->index(row, 0)).center());
}

}  // namespace

class TestWindow : public QObject {
    Q_OBJECT

    static void wait_until_open(Driven& driven)
    {
        QTRY_VERIFY_WITH_TIMEOUT(driven.session().is_open() && !driven.session().is_busy(), patience_ms);
    }
    static void open_sample(Driven& driven)
    {
        driven.action("Open the sample")->trigger();
        wait_until_open(driven);
    }

private slots:
    void initTestCase() { test::set_up_application(); }
    void init() { test::fail_on_warnings(); }

    void a_whole_investigation()
    {
        {
            Driven driven;
            QVERIFY(!driven.window->page());  // the start page
            QVERIFY(!driven.action("Close case")->isEnabled());
            open_sample(driven);
            QCOMPARE(driven.window->page(), std::optional(PageId::overview));
            QVERIFY(driven.window->windowTitle().startsWith("two-attacks"));
            QVERIFY2(driven.suspects().contains("site-07\tmalicious"), qPrintable(driven.suspects()));
            QCOMPARE(driven.part<QLabel>("range")->text(), QString("all 24 rounds"));

            // Selecting shows the dossier and stays on the page; activating goes to the client's page.
            auto* suspects = driven.part<TableView>("suspects");
            int row = 0;  // several are suspected: the one that replaced the model
            while (row < suspects->model()->rowCount() &&
                   suspects->model()->index(row, 0).data().toString() != QString::fromStdString(attacker.text()))
                ++row;
            click_row(suspects, row);
            QCOMPARE(driven.session().selection().client(), std::optional(attacker));
            QVERIFY(driven.dossier().startsWith("■ site-07"));
            QCOMPARE(driven.window->page(), std::optional(PageId::overview));
            QTest::keyClick(suspects, Qt::Key_Return);
            QCOMPARE(driven.window->page(), std::optional(PageId::clients));
            driven.action("Back")->trigger();
            QCOMPARE(driven.window->page(), std::optional(PageId::overview));

            // The analyst decides, with a note: seen in the table, the dossier and the custody chain.
            driven.part<QPlainTextEdit>("note")->setPlainText("confirmed by the site");
            QTest::mouseClick(driven.part<QPushButton>("decide_malicious"), Qt::LeftButton);
            QTRY_VERIFY_WITH_TIMEOUT(driven.session().data()->decision(attacker), patience_ms);
            QVERIFY(driven.part<QPlainTextEdit>("note")->toPlainText().isEmpty());
            QVERIFY2(driven.suspects().contains("site-07\tmalicious (decided)"), qPrintable(driven.suspects()));
            QVERIFY(driven.dossier().contains("confirmed by the site"));
            QCOMPARE(QString::fromStdString(driven.session().data()->custody.back().action), QString("decide"));
            QCOMPARE(driven.session().selection().client(), std::optional(attacker));

            driven.window->go_to(PageId::evidence);
            driven.action("Close case")->trigger();
            QVERIFY(!driven.session().is_open());
            QVERIFY(!driven.window->page());
            QVERIFY(!driven.dossier().contains("site-07"));
            QCOMPARE(driven.part<TableView>("suspects")->model()->rowCount(), 0);
            QTRY_VERIFY(driven.session().jobs().idle());
            driven.window->close();
        }
        // Another day: the case is in the list, and the decision is still there.
        Driven driven;
        QListWidget* recent = nullptr;
        for (QListWidget* list : driven.window->findChildren<QListWidget*>())
            if (list->accessibleName() == "Recent cases") recent = list;
        QVERIFY(recent);
        QCOMPARE(recent->count(), 1);
        emit recent->itemActivated(recent->item(0));
        wait_until_open(driven);
        QVERIFY(driven.session().data()->decision(attacker));
        QCOMPARE(driven.session().data()->decision(attacker)->note, std::string("confirmed by the site"));
        QCOMPARE(driven.session().data()->shown_class(attacker), VerdictClass::malicious);
    }

    void pages_are_reached_by_keys_and_retraced()
    {
        Driven driven;
        open_sample(driven);
        QVERIFY(QTest::qWaitForWindowActive(driven.window.get()));
        for (int number = page_count; number >= 1; --number) {
            QTest::keyClick(driven.window.get(), static_cast<Qt::Key>(Qt::Key_0 + number), Qt::ControlModifier);
            QCOMPARE(driven.window->page(), std::optional(static_cast<PageId>(number - 1)));
            QTest::qWait(20);  // lets the page be seen, and fetch what it needs
        }
        QTest::keyClick(driven.window.get(), Qt::Key_Left, Qt::AltModifier);
        QCOMPARE(driven.window->page(), std::optional(PageId::rounds));
        QTest::keyClick(driven.window.get(), Qt::Key_Left, Qt::AltModifier);
        QCOMPARE(driven.window->page(), std::optional(PageId::clients));
        QTest::keyClick(driven.window.get(), Qt::Key_Right, Qt::AltModifier);
        QCOMPARE(driven.window->page(), std::optional(PageId::rounds));
        auto* navigation = driven.part<QListWidget>("navigation");
        QCOMPARE(navigation->currentRow(), int(PageId::rounds));
        navigation->setCurrentRow(int(PageId::evidence));
        QCOMPARE(driven.window->page(), std::optional(PageId::evidence));
        QTRY_VERIFY(driven.session().jobs().idle());
    }

    void the_ribbon_narrows_all_pages()
    {
        Driven driven;
        open_sample(driven);
        auto* ribbon = driven.window->findChild<Ribbon*>();
        const int y = ribbon->height() / 2;
        QTest::mousePress(ribbon, Qt::LeftButton, {}, {ribbon->width() / 3, y});
        QTest::mouseMove(ribbon, {ribbon->width() / 2, y});
        QTest::mouseMove(ribbon, {ribbon->width() * 2 / 3, y});
        QTest::mouseRelease(ribbon, Qt::LeftButton, {}, {ribbon->width() * 2 / 3, y});
        QVERIFY(!driven.session().range().is_all());
        const auto* said = driven.part<QLabel>("range");
        QVERIFY2(said->text().startsWith("rounds ") && said->text().endsWith(" of 24"), qPrintable(said->text()));
        driven.action("Show all rounds")->trigger();
        QVERIFY(driven.session().range().is_all());
        QCOMPARE(said->text(), QString("all 24 rounds"));
    }

    void a_broken_folder_gives_a_message_and_no_more()
    {
        Driven driven;
        QVERIFY(QDir().mkpath(scratch + "/broken"));
        driven.picked = scratch + "/broken";
        driven.action("Open evidence folder…")->trigger();
        QTRY_VERIFY_WITH_TIMEOUT(!driven.window->message().isEmpty(), patience_ms);
        QVERIFY2(driven.window->message().contains("federation.jsonl"), qPrintable(driven.window->message()));
        QVERIFY(!driven.session().is_open());
        QVERIFY(!driven.window->page());
        open_sample(driven);  // the way on is free, and the message gone
        QVERIFY(driven.window->message().isEmpty());
    }

    void a_dropped_folder_is_opened()
    {
        Driven driven;
        QMimeData data;
        data.setUrls({QUrl::fromLocalFile(MainWindow::sample_folder())});
        QDragEnterEvent over({100, 100}, Qt::CopyAction, &data, Qt::LeftButton, {});
        QApplication::sendEvent(driven.window.get(), &over);
        QVERIFY(over.isAccepted());
        QDropEvent drop({100, 100}, Qt::CopyAction, &data, Qt::LeftButton, {});
        QApplication::sendEvent(driven.window.get(), &drop);
        wait_until_open(driven);
        QMimeData text;
        text.setUrls({QUrl::fromLocalFile(MainWindow::sample_folder() + "/truth.json")});
        QDragEnterEvent enter({100, 100}, Qt::CopyAction, &text, Qt::LeftButton, {});
        enter.ignore();
        QApplication::sendEvent(driven.window.get(), &enter);
        QVERIFY(!enter.isAccepted());
    }

    void a_federation_is_made_in_the_workshop()
    {
        QTemporaryDir folder;
        Driven driven;
        driven.window->go_to(PageId::workshop);
        auto* page = driven.window->findChild<WorkshopPage*>();
        QVERIFY(page && page->isVisible());
        page->pick_folder = [&](const std::function<void(const QString&)>& answer) { answer(folder.filePath("run")); };
        auto* attack = page->findChild<QComboBox*>("workshop_attack");
        attack->setCurrentIndex(attack->findData("sign-flip"));
        auto* train = page->findChild<QPushButton*>("workshop_train");
        auto* open = page->findChild<QPushButton*>("workshop_open");
        QVERIFY(!open->isEnabled());
        QTest::mouseClick(train, Qt::LeftButton);
        QVERIFY(!train->isEnabled());
        QTRY_VERIFY_WITH_TIMEOUT(open->isEnabled(), patience_ms);
        const LineChart* chart = page->findChild<LineChart*>();
        QCOMPARE(chart->contents().lines.size(), std::size_t{2});
        QCOMPARE(chart->contents().lines[0].points.size(), std::size_t{20});
        QVERIFY(chart->contents().lines[0].points.back().y() > 0.5);
        const QString clients = as_text(*page->findChild<TableView*>()->model());
        QVERIFY2(clients.count("sign flip") >= 4, qPrintable(clients));  // what they were, and what verdicts name
        QCOMPARE(clients.count("honest"), 16);
        QVERIFY(page->findChild<QLabel*>("workshop_state")->text().contains(" of 4 attackers are called malicious"));
        QVERIFY(!page->grab().isNull());

        QTest::mouseClick(open, Qt::LeftButton);
        wait_until_open(driven);
        QCOMPARE(driven.session().data()->federation.name, std::string("workshop-sign-flip"));
        QCOMPARE(driven.session().data()->rounds.size(), std::size_t{20});
        QVERIFY(QFile::exists(folder.filePath("run/truth.json")));
        // Another run is stopped half-way; the page goes on working.
        driven.window->go_to(PageId::workshop);
        QTest::mouseClick(train, Qt::LeftButton);
        driven.session().jobs().stop_shown();
        QTRY_VERIFY_WITH_TIMEOUT(train->isEnabled(), patience_ms);
    }

    void a_case_file_is_opened()
    {
        Driven driven;
        open_sample(driven);
        driven.picked = QString::fromStdString(driven.session().data()->case_path);
        driven.action("Open case…")->trigger();
        QVERIFY(!driven.session().is_open());  // the last case's data is gone at once
        wait_until_open(driven);
        QCOMPARE(driven.session().data()->federation.name, std::string("two-attacks"));
    }

    void a_stop_button_stops()
    {
        Driven driven;
        driven.session().set_cases_folder(scratch + "/stopped");
        driven.window->open(MainWindow::sample_folder());
        auto* stop = driven.part<QPushButton>("stop");
        QVERIFY(stop->isVisible());
        QTest::mouseClick(stop, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(!driven.session().is_busy(), patience_ms);
        QVERIFY2(driven.window->message().contains("topped"), qPrintable(driven.window->message()));
        QVERIFY(!stop->isVisible());
    }

    void closing_in_the_middle_is_quick()
    {
        QElapsedTimer clock;
        {
            Driven driven;
            driven.session().set_cases_folder(scratch + "/abandoned");
            driven.window->open(MainWindow::sample_folder());
            QTest::qWait(30);
            clock.start();
            driven.window->close();
        }
        QVERIFY2(clock.elapsed() < 5000, qPrintable(QString::number(clock.elapsed())));
    }

    void a_note_that_was_begun_is_not_lost()
    {
        Driven driven;
        open_sample(driven);
        driven.session().selection().select_client(attacker);
        driven.part<QPlainTextEdit>("note")->setPlainText("half a thought");
        driven.session().selection().select_client(ClientId{"site-03"});
        QVERIFY(driven.part<QPlainTextEdit>("note")->toPlainText().isEmpty());
        driven.session().selection().select_client(attacker);
        QCOMPARE(driven.part<QPlainTextEdit>("note")->toPlainText(), QString("half a thought"));
    }

    void the_layout_can_be_reset_and_the_palette_changed()
    {
        Driven driven;
        open_sample(driven);
        auto* dock = driven.part<QDockWidget>("inspector");
        dock->hide();
        driven.window->resize(700, 500);
        driven.action("Reset the layout")->trigger();
        QVERIFY(dock->isVisible());
        QCOMPARE(driven.window->size(), QSize(1440, 900));
        for (const char* name : {"Dark", "Light", "System"}) {
            driven.action(QString::fromLatin1(name))->trigger();
            for (int page = 0; page < page_count; ++page) {
                driven.window->go_to(static_cast<PageId>(page));
                QVERIFY(!driven.window->grab().isNull());
            }
        }
        QTRY_VERIFY(driven.session().jobs().idle());
        driven.action("About Fedsleuth")->trigger();
        QCOMPARE(driven.abouts, 1);
    }
};

QTEST_MAIN(TestWindow)
#include "tst_window.moc"
