// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/privacy/gaussian.h"
#include "support/federations.h"
#include "support/strict_messages.h"
#include "support/ui_case.h"
#include "support/ui_setup.h"
#include "ui/dialogs/source_dialog.h"
#include "ui/pages/page.h"
#include "ui/pages/workshop_page.h"
#include "ui/plots/line_chart.h"
#include "ui/plots/palette.h"
#include "ui/session/case_session.h"
#include "ui/session/jobs.h"
#include "ui/shell/dossier_view.h"
#include "ui/shell/inspector.h"
#include "ui/shell/pages.h"
#include "ui/tables/table_view.h"

#include <cmath>
#include <memory>
#include <QAbstractItemModelTester>
#include <QAction>
#include <QComboBox>
#include <QDir>
#include <QLabel>
#include <QLineEdit>
#include <QSortFilterProxyModel>
#include <QTest>

using namespace fedsleuth;
using namespace fedsleuth::ui;
using model::RoundNo;

namespace {

/// All pages in one widget, one above the other, and seen.
struct Book {
    CaseSession session;
    QWidget window;
    std::array<Page*, page_count> pages = make_pages(session, &window);

    Book()
    {
        window.resize(1000, 700);
        for (Page* page : pages) page->setGeometry(0, 0, 1000, 700);
        window.show();
    }
    Page& page(PageId id) { return *pages[static_cast<std::size_t>(id)]; }
};

/// What a page says in its labels that are seen.
QString words(const QWidget& page)
{
    QStringList texts;
    for (const QLabel* label : page.findChildren<QLabel*>())
        if (label->isVisibleTo(&page)) texts << label->text();
    return texts.join(u'\n');
}

TableView* table(const QWidget& page, const QString& name)
{
    for (TableView* view : page.findChildren<TableView*>())
        if (view->accessibleName() == name) return view;
    return nullptr;
}

const char* const hostile = "<img src=x>\n\xe2\x80\xae&amp;\x1b[31m";

/// Evidence text wherever it may stand.
std::shared_ptr<CaseData> hostile_case()
{
    const auto data = test::made_case({.privacy = true});
    const model::ClientId id{hostile};
    const auto rename = [&](model::ClientId& client) {
        if (client == test::client_id(0)) client = id;
    };
    for (model::Client& client : data->clients) rename(client.id);
    std::sort(data->clients.begin(), data->clients.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    for (model::Verdict& verdict : data->verdicts->clients) {
        rename(verdict.client);
        for (model::Reason& reason : verdict.reasons) reason.text = reason.detector = hostile;
        if (!verdict.attack.empty()) verdict.attack = hostile;
    }
    for (model::Update& update : data->updates) {
        rename(update.client);
        update.metrics = {{hostile, 1.0}};
        update.path = hostile;
        update.extra_json = hostile;
    }
    for (auto& round : data->scores)
        for (model::DetectorScores& scores : round)
            for (model::ClientId& client : scores.clients) rename(client);
    for (analysis::ClientBudget& client : data->privacy.clients) rename(client.client);
    for (model::RollbackCandidate& candidate : data->rollback->candidates) {
        candidate.why = candidate.status = candidate.signature = hostile;
        candidate.metrics = {{hostile, 1.0}};
    }
    data->federation.name = data->federation.framework = data->federation.aggregation.rule = hostile;
    data->federation.privacy->mechanism = hostile;
    data->findings.push_back({hostile, model::Severity::high, id, RoundNo{1}, hostile, "", {}});
    data->files.push_back({hostile, hostile, RoundNo{1}, id, 5, hostile, hostile, false, hostile, hostile});
    data->issues.push_back({hostile, 1, hostile});
    data->custody.push_back({1, hostile, hostile, hostile, hostile, hostile, hostile, hostile, hostile});
    data->custody_problems = {hostile};
    data->signatures.push_back(
        {RoundNo{1}, id, model::SignatureOutcome::invalid, hostile, hostile, model::ClientId{hostile}, hostile});
    analysis::CertificateView certificate;
    certificate.path = certificate.subject = certificate.issuer = certificate.serial = certificate.key_type = hostile;
    certificate.client = id;
    certificate.way = {hostile, hostile};
    certificate.not_before = certificate.not_after = 1e300;
    certificate.revoked = {1.0, hostile, {}};
    data->certificates.push_back(certificate);
    certificate.problem = hostile;
    data->certificates.push_back(certificate);
    data->findings.push_back({"certificate-expired",
                              model::Severity::high,
                              id,
                              RoundNo{1},
                              hostile,
                              R"({"path":"\u202e\u001b","line":1e300})",
                              {}});
    data->findings.push_back({"rate-limit", model::Severity::high, id, RoundNo{1}, hostile, hostile, {}});
    data->custody_intact = false;
    data->decisions.push_back({id, model::VerdictClass::malicious, hostile, hostile, hostile});
    index_case_data(*data);
    return data;
}

bool harmless(const QString& text) { return !text.contains(QChar(0x202e)) && !text.contains(QChar(0x1b)); }

}  // namespace

class TestPages : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { test::set_up_application(); }
    void init() { test::fail_on_warnings(); }

    void every_page_says_what_it_would_show()
    {
        Book book;
        // The workshop needs no case: it makes a federation of its own.
        for (Page* page : book.pages) {
            const QString subject =
                qobject_cast<WorkshopPage*>(page) ? QStringLiteral("federation") : QStringLiteral("case");
            QVERIFY2(words(*page).contains(subject, Qt::CaseInsensitive), page->metaObject()->className());
        }
    }

    void every_model_keeps_the_rules()
    {
        Book book;
        std::vector<std::unique_ptr<QAbstractItemModelTester>> testers;
        for (Page* page : book.pages)
            for (const QAbstractItemView* view : page->findChildren<QAbstractItemView*>()) {
                if (!view->model()) continue;
                const auto watch = [&](QAbstractItemModel* model) {
                    testers.push_back(std::make_unique<QAbstractItemModelTester>(
                        model, QAbstractItemModelTester::FailureReportingMode::QtTest));
                };
                watch(view->model());
                if (const auto* proxy = qobject_cast<QAbstractProxyModel*>(view->model())) watch(proxy->sourceModel());
            }
        QVERIFY(testers.size() >= 10);
        book.session.show(test::made_case({.privacy = true}));
        book.session.range().narrow(RoundNo{5}, RoundNo{12});
        book.session.selection().select_client(test::client_id(0));
        book.session.selection().select_round(RoundNo{7});
        book.session.show(hostile_case());
        book.session.close();
        book.session.show(test::made_case({.clients = 1, .rounds = 1, .malicious = 0}));
    }

    void a_case_of_nothing_is_borne()
    {
        Book book;
        auto data = std::make_shared<CaseData>();
        book.session.show(data);
        for (Page* page : book.pages) QVERIFY2(!words(*page).isEmpty(), page->metaObject()->className());
        auto analysed = std::make_shared<CaseData>();
        analysed->verdicts.emplace();
        analysed->rollback.emplace();
        book.session.show(analysed);
        QVERIFY(words(book.page(PageId::rollback)).contains("No checkpoints"));
    }

    void selecting_anywhere_shows_everywhere()
    {
        Book book;
        book.session.show(test::made_case({.privacy = true}));
        TableView* suspects = table(book.page(PageId::overview), "Suspects");
        TableView* claims = table(book.page(PageId::privacy), "Privacy ledger");
        TableView* checkpoints = table(book.page(PageId::rollback), "Checkpoints");
        QVERIFY(suspects && claims && checkpoints);
        emit suspects->row_selected(0);
        QCOMPARE(book.session.selection().client(), std::optional(test::client_id(0)));
        QCOMPARE(claims->selected_row(), std::optional(0));
        emit claims->row_selected(5);
        QCOMPARE(book.session.selection().client(), std::optional(test::client_id(5)));
        QVERIFY(!suspects->selected_row());  // no suspect
        book.session.selection().select_round(RoundNo{14});
        QCOMPARE(checkpoints->selected_row(), std::optional(14));  // round 0 is there too
    }

    /// Activating shows the line in the evidence; client and round are in the context menu.
    void a_finding_leads_to_line_client_and_round()
    {
        Book book;
        const auto data = test::made_case({});
        data->findings.clear();
        data->findings.push_back(
            {"rate-limit", model::Severity::high, test::client_id(2), RoundNo{4}, "Too many.", R"({"line": 17})", {}});
        data->findings.push_back({"not-inspectable", model::Severity::info, {}, {}, "Sums only.", "{}", {}});
        data->findings.push_back(
            {"late", model::Severity::info, test::client_id(3), {}, "No line names it.", "{}", {}});
        index_case_data(*data);
        book.session.show(data);
        std::vector<model::ClientId> clients;
        std::vector<RoundNo> rounds;
        Selection& selection = book.session.selection();
        connect(&selection, &Selection::client_activated, this, [&] { clients.push_back(*selection.client()); });
        connect(&selection, &Selection::round_activated, this, [&] { rounds.push_back(*selection.round()); });

        QWidget& page = book.page(PageId::overview);
        TableView* findings = table(page, "Findings");
        const auto action = [&](const char* name) {
            for (QAction* each : findings->actions())
                if (each->text() == QLatin1String(name)) return each;
            qFatal("no action %s", name);
        };
        QAction* const to_line = action("Show the line in the evidence");
        QAction* const to_client = action("Go to the client");
        QAction* const to_round = action("Go to the round");
        QVERIFY(!to_line->isEnabled() && !to_client->isEnabled() && !to_round->isEnabled());
        const auto opened = [&] {
            QStringList titles;
            for (SourceDialog* dialog : findings->findChildren<SourceDialog*>()) {
                titles << dialog->windowTitle();
                delete dialog;
            }
            return titles.join(u'|');
        };

        findings->setCurrentIndex(findings->model()->index(0, 0));
        QCOMPARE(selection.client(), std::optional(test::client_id(2)));
        QCOMPARE(selection.round(), std::optional(RoundNo{4}));
        QVERIFY(to_line->isEnabled() && to_client->isEnabled() && to_round->isEnabled());
        QTest::keyClick(findings, Qt::Key_Return);
        QCOMPARE(opened(), "federation.jsonl, line 17");
        QVERIFY(clients.empty() && rounds.empty());
        to_line->trigger();
        QCOMPARE(opened(), "federation.jsonl, line 17");
        to_client->trigger();
        to_round->trigger();
        QCOMPARE(clients, std::vector{test::client_id(2)});
        QCOMPARE(rounds, std::vector{RoundNo{4}});

        findings->setCurrentIndex(findings->model()->index(1, 0));
        QVERIFY(!to_line->isEnabled() && !to_client->isEnabled() && !to_round->isEnabled());
        QTest::keyClick(findings, Qt::Key_Return);
        findings->setCurrentIndex(findings->model()->index(2, 0));
        QTest::keyClick(findings, Qt::Key_Return);  // without a line: its client
        QCOMPARE(opened(), "");
        QCOMPARE(clients, (std::vector{test::client_id(2), test::client_id(3)}));

        book.session.close();
        QVERIFY(!to_line->isEnabled() && !to_client->isEnabled() && !to_round->isEnabled());
    }

    void machine_words_are_put_into_plain_ones()
    {
        Book book;
        const auto data = test::made_case({});
        data->findings.push_back(
            {"signature-wrong-key", model::Severity::high, test::client_id(2), RoundNo{4}, "", "", {}});
        data->files.push_back({"ca.crl", "revocation-list", {}, {}, 5, "", "", false, "", "there is no such file"});
        data->rollback->candidates[0].signature = data->rollback->candidates[0].aggregation = "not-checked";
        data->rollback->candidates[1].signature = "missing";
        data->rollback->candidates[1].aggregation = "mismatch";
        book.session.show(data);
        book.session.selection().select_round(data->rollback->candidates[0].round);
        QString all = words(book.page(PageId::rollback));
        for (const TableView* view : book.window.findChildren<TableView*>()) all += as_text(*view->model());
        for (const char* plain :
             {"signed with another's key", "revocation list", "not taken in: there is no such file",
              "signed, not checked", "\tnot signed\t", "does not fit", "Server's signature: signed, not checked."})
            QVERIFY2(all.contains(QLatin1String(plain)), plain);
        for (const char* raw : {"not-checked", "mismatch", "wrong-key", "revocation-list", "missing"})
            QVERIFY2(!all.contains(QLatin1String(raw)), raw);
        TableView* findings = table(book.page(PageId::overview), "Findings");
        bool named = false;  // what the command line calls it
        for (int row = 0; row < findings->model()->rowCount(); ++row)
            named |= findings->model()->index(row, 1).data(Qt::ToolTipRole).toString().contains("signature-wrong-key");
        QVERIFY(named);
    }

    void a_narrowed_range_narrows_and_says_so()
    {
        Book book;
        book.session.show(test::made_case({.privacy = true}));
        TableView* findings = table(book.page(PageId::overview), "Findings");
        TableView* checkpoints = table(book.page(PageId::rollback), "Checkpoints");
        QCOMPARE(findings->model()->rowCount(), 24);
        QCOMPARE(checkpoints->model()->rowCount(), 25);
        book.session.range().narrow(RoundNo{5}, RoundNo{12});
        QCOMPARE(findings->model()->rowCount(), 8);
        QCOMPARE(checkpoints->model()->rowCount(), 8);
        QVERIFY(words(book.page(PageId::overview)).contains("16 in other rounds are not shown"));
        QVERIFY(words(book.page(PageId::rollback)).contains("17 checkpoints outside the chosen rounds are not shown"));
        const auto* chart = book.page(PageId::privacy).findChild<LineChart*>();
        QCOMPARE(chart->contents().lines.front().points.size(), std::size_t{8});
        book.session.range().widen();
        QCOMPARE(findings->model()->rowCount(), 24);
    }

    void budgets_are_drawn_with_their_limit()
    {
        Book book;
        book.session.show(test::made_case({.clients = 100, .privacy = true}));
        const QWidget& page = book.page(PageId::privacy);
        QVERIFY(words(page).contains("own claims"));
        QVERIFY(words(page).contains("90 more clients are in the table"));
        const auto* chart = page.findChild<LineChart*>();
        QCOMPARE(chart->contents().levels.size(), std::size_t{1});
        QCOMPARE(chart->contents().levels.front().y, 30.0);
        book.session.selection().select_client(test::client_id(1));
        QVERIFY(words(page).contains("and the selected client; 89 more"));
        book.session.show(test::made_case({}));
        QVERIFY(words(page).contains("declares no privacy mechanism"));
    }

    void assumptions_can_be_changed()
    {
        const QString scratch = QStringLiteral(FEDSLEUTH_SCRATCH);
        const QString folder = test::federation_folder("privacy-audit", scratch);
        QVERIFY(!folder.isEmpty());
        QDir(scratch + "/cases").removeRecursively();
        Book book;
        book.session.set_cases_folder(scratch + "/cases");
        book.session.open(folder);
        QTRY_VERIFY_WITH_TIMEOUT(!book.session.is_busy() && book.session.data() && book.session.data()->verdicts,
                                 120'000);
        const QWidget& page = book.page(PageId::privacy);
        const TableView* ledger = table(page, "Privacy ledger");
        const TableView* checks = table(page, "Privacy checks");
        QVERIFY(ledger && checks);
        QCOMPARE(ledger->model()->rowCount(), 20);
        QCOMPARE(checks->model()->rowCount(), 20);
        const auto* chart = page.findChild<LineChart*>();

        // 24 Gaussians of σ = 0.8 on everybody: PLD is the exact Gaussian's value, ε(10⁻⁵; μ = √24 / 0.8).
        auto* accountant = page.findChild<QComboBox*>();
        accountant->setCurrentText("PLD");
        QTRY_VERIFY_WITH_TIMEOUT(chart->contents().y.name.contains("PLD") && book.session.jobs().idle(), 120'000);
        book.session.selection().select_client(model::ClientId{"site-00"});
        const double pld = analysis::gdp_epsilon(std::sqrt(24.0) / 0.8, 1e-5);
        QVERIFY(std::abs(chart->contents().lines.back().points.back().y() - pld) < 1e-6 ||
                std::abs(chart->contents().lines[chart->contents().lines.size() - 2].points.back().y() - pld) < 1e-6);
        QTRY_VERIFY_WITH_TIMEOUT(chart->contents().bands.size() == 1, 120'000);
        QVERIFY(std::abs(chart->contents().bands.front().lower.back() - pld) < 1e-6);
        accountant->setCurrentText("RDP");
        QTRY_VERIFY_WITH_TIMEOUT(chart->contents().y.name.contains("RDP"), 120'000);
        QTRY_VERIFY_WITH_TIMEOUT(words(page).contains("At the end ε"), 120'000);

        // Another δ is taken, and said.
        for (QLineEdit* edit : page.findChildren<QLineEdit*>())
            if (edit->accessibleName() == "δ") {
                edit->setText("0.01");
                edit->setModified(true);
                emit edit->editingFinished();
            }
        QTRY_VERIFY_WITH_TIMEOUT(book.session.jobs().idle(), 120'000);
        QVERIFY(words(page).contains("0.01"));
    }

    /// Of 20 clients 8 accused are more than 35 %, 7 are not.
    void an_unclear_minority_is_said_where_clients_are_judged()
    {
        Book book;
        Inspector inspector(book.session);
        for (const std::size_t accused : {8, 7}) {
            const auto data = test::made_case({.clients = 20, .malicious = accused});
            book.session.show(data);
            book.session.selection().select_client(test::client_id(19));
            for (const QWidget* place :
                 {static_cast<QWidget*>(&book.page(PageId::clients)), static_cast<QWidget*>(&inspector)}) {
                const bool said = words(*place).contains("The minority is unclear: 8 of 20 clients stand accused");
                QCOMPARE(said, accused == 8);
            }
        }
    }

    void evidence_text_is_harmless_everywhere()
    {
        Book book;
        Inspector inspector(book.session);
        book.session.show(hostile_case());
        book.session.selection().select_client(model::ClientId{hostile});
        book.session.selection().select_round(RoundNo{15});
        for (const QWidget* widget : {static_cast<QWidget*>(&book.window), static_cast<QWidget*>(&inspector)}) {
            for (const QLabel* label : widget->findChildren<QLabel*>()) {
                QVERIFY2(harmless(label->text()), qPrintable(label->text()));
                if (label->text().contains(u'<')) QCOMPARE(label->textFormat(), Qt::PlainText);
            }
            for (const TableView* view : widget->findChildren<TableView*>()) {
                const QString text = as_text(*view->model());
                QVERIFY2(harmless(text), qPrintable(text));
            }
        }
        const QString dossier = inspector.findChild<DossierView*>()->toPlainText();
        QVERIFY(harmless(dossier));
        QVERIFY(dossier.contains("<img src=x>"));  // as text
        QVERIFY(!inspector.findChild<DossierView*>()->toHtml().contains("<img"));
    }

    void both_palettes_can_be_worn()
    {
        Book book;
        book.session.show(test::made_case({.privacy = true}));
        for (const QPalette& palette : {dark_window_palette(), light_window_palette()}) {
            QApplication::setPalette(palette);
            for (Page* page : book.pages) {
                page->raise();
                QVERIFY(!page->grab().isNull());
            }
        }
    }
};

QTEST_MAIN(TestPages)
#include "tst_pages.moc"
