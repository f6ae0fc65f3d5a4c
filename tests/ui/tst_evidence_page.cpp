// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/signed_federation.h"
#include "support/strict_messages.h"
#include "support/ui_setup.h"
#include "ui/dialogs/source_dialog.h"
#include "ui/pages/custody_tab.h"
#include "ui/pages/evidence_page.h"
#include "ui/plots/validity_lanes.h"
#include "ui/session/case_session.h"
#include "ui/session/dossier.h"
#include "ui/session/identity_words.h"
#include "ui/session/jobs.h"
#include "ui/shell/dossier_view.h"
#include "ui/tables/table_view.h"

#include <algorithm>
#include <filesystem>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QSignalSpy>
#include <QTabWidget>
#include <QTest>
#include <QTextBlock>

using namespace fedsleuth;
using namespace fedsleuth::ui;
using test::SignedFederation;

namespace {

const std::filesystem::path root(FEDSLEUTH_SCRATCH);
constexpr int patience_ms = 60'000;

/// A federation with one of each fault, and one registration in the middle of it.
std::filesystem::path faulty_folder()
{
    SignedFederation federation("ecdsa-sha256", 8, 3);
    federation.update(2, 1).signer = nullptr;
    federation.update(3, 2).signer = federation.client(3).key;
    federation.certify(federation.client(4), {"site-04", federation.client(4).key, test::midnight - test::days,
                                              SignedFederation::start_of(2)});
    federation.crl_pem = test::make_crl(federation.authority, federation.authority_key,
                                        {{federation.client(5).cert, SignedFederation::start_of(3)}});
    federation.update(3, 6).at = SignedFederation::finish_of(3) + 9;
    const auto folder = root / "faulty";
    std::filesystem::remove_all(folder);
    std::filesystem::remove_all(root / "cases");
    federation.write(folder);
    return folder;
}

}  // namespace

class TestEvidencePage : public QObject {
    Q_OBJECT

    CaseSession session_;
    EvidencePage page_{session_};

    TableView* table(const char* name)
    {
        for (TableView* view : page_.findChildren<TableView*>())
            if (view->accessibleName() == QLatin1String(name)) return view;
        qFatal("no table %s", name);
    }
    QString text(const char* name) { return as_text(*table(name)->model()); }
    QString words()
    {
        QStringList texts;
        for (const QLabel* label : page_.findChildren<QLabel*>()) texts << label->text();
        return texts.join(u'\n');
    }

private slots:
    void initTestCase()
    {
        test::set_up_application();
        test::fail_on_warnings();
        qputenv("XDG_CONFIG_HOME", (root / "config").c_str());
        session_.set_cases_folder(QString::fromStdString((root / "cases").string()));
        session_.open(QString::fromStdString(faulty_folder().string()));
        QTRY_VERIFY_WITH_TIMEOUT(!session_.is_busy() && session_.is_open(), patience_ms);
        page_.resize(1100, 700);
        page_.show();
    }

    void every_outcome_is_named()
    {
        const QString signatures = text("Signatures");
        QCOMPARE(signatures.count("valid with a bad certificate"), 3);  // expired in rounds 2 and 3, revoked in round 3
        QCOMPARE(signatures.count("unsigned"), 1);
        QVERIFY(signatures.contains("made with the key of \"site-03\""));
        QVERIFY2(words().contains(
                     "28 updates and checkpoints: 23 valid, 3 valid with a bad certificate, 1 invalid and 1 unsigned."),
                 qPrintable(words()));
        emit table("Signatures")->row_selected(0);
        QVERIFY(session_.selection().round().has_value());
    }

    void certificates_stand_on_a_time_line()
    {
        const QString certificates = text("Certificates");
        QVERIFY(certificates.contains("CN=site-04,O=Example Grid"));
        QVERIFY(certificates.contains("← CN=Grid CA,O=Example Grid"));
        QVERIFY(words().contains("10 certificates, 2 findings about them"));
        auto* lanes = page_.findChild<ValidityLanes*>();
        QVERIFY(lanes && lanes->sizeHint().height() > 10 * 12);
        QTest::mouseClick(lanes, Qt::LeftButton, {}, QPoint(5, 5));  // those with findings come first
        QCOMPARE(session_.selection().client(), std::optional(model::ClientId("site-04")));
        page_.findChild<QTabWidget*>()->setCurrentIndex(2);
        QVERIFY(page_.grab().width() >= 1100);
    }

    void admission_names_line_and_limit()
    {
        const QString findings = text("Admission");
        QVERIFY2(findings.contains("came 9 s after round 3 had closed"), qPrintable(findings));
        QVERIFY(findings.contains("site-06"));
        session_.set_policy("admission.seconds_late", 30);
        QTRY_VERIFY_WITH_TIMEOUT(text("Limits of admission").contains("30"), patience_ms);
        QVERIFY(session_.data()->custody.back().action == "policy");
        session_.analyse();
        QTRY_VERIFY_WITH_TIMEOUT(!session_.is_busy(), patience_ms);
        QVERIFY(!text("Admission").contains("had closed"));
    }

    void the_inspector_shows_an_identity()
    {
        const auto identity = [&](const char* id) {
            QString all;
            for (const auto& section : client_dossier(*session_.data(), model::ClientId(id), std::nullopt).sections)
                for (const auto& line : section.lines)
                    all += QString::fromStdString(line.label + ": " + line.value +
                                                  (line.source ? " (" + place_words(*line.source) + ")" : "")) +
                           '\n';
            return all;
        };
        QVERIFY2(identity("site-05").contains("Revoked: 2026-03-07 00:05:30 UTC"), qPrintable(identity("site-05")));
        QVERIFY(identity("site-01").contains("Signatures: 2 valid and 1 unsigned (round 2)"));
        QVERIFY(identity("site-02").contains("line "));  // of the log, where the finding comes from
    }

    void a_finding_leads_to_its_line()
    {
        const auto shown = [this](const char* view, int row) {
            emit table(view)->row_activated(row);
            const auto* dialog = page_.findChild<SourceDialog*>();
            if (!dialog) return QString();
            const auto* state = dialog->findChild<QLabel*>("source_state");
            for (int tries = 0; tries < 600 && state->text().startsWith("Reading"); ++tries) QTest::qWait(100);
            const QString text = state->text() + u'\n' + dialog->windowTitle() + u'\n' +
                                 dialog->findChild<QPlainTextEdit*>()->toPlainText();
            delete dialog;
            return text;
        };
        QFile log(QString::fromStdString((root / "faulty/federation.jsonl").string()));
        QVERIFY(log.open(QIODevice::ReadWrite));
        const QByteArrayList lines = log.readAll().split('\n');
        const auto& checks = session_.data()->signatures;
        for (const int row : {0, static_cast<int>(checks.size()) - 1}) {
            const std::optional<SourcePlace> place = source_of(*session_.data(), checks[static_cast<std::size_t>(row)]);
            QVERIFY(place && place->file == "federation.jsonl");
            const QString text = shown("Signatures", row);
            QVERIFY2(text.contains(QString::fromUtf8(lines[static_cast<qsizetype>(place->line) - 1])), qPrintable(text));
            QVERIFY(text.contains(QStringLiteral("line %1").arg(place->line)));
            QVERIFY(text.contains("This line is as it was taken in."));
        }
        QVERIFY(shown("Certificates", 0).contains("-----BEGIN CERTIFICATE-----"));
        const auto& files = session_.data()->files;
        const auto log_row = static_cast<int>(std::find_if(files.begin(), files.end(),
                                                           [](const auto& file) { return file.role == "log"; }) -
                                              files.begin());
        QVERIFY(shown("Evidence files", log_row).contains(QString::fromUtf8(lines[1])));

        // A line that turns the text around it, and clears a screen.
        QVERIFY(log.seek(0) && log.write(QByteArray("\x1b[2J\xe2\x80\xae").leftJustified(20, 'x')) == 20);
        log.flush();
        const QString changed = shown("Evidence files", log_row);
        QVERIFY2(changed.contains("\\x1b[2J\\u202exxx"), qPrintable(changed));
        QVERIFY(!changed.contains(QChar(0x202e)) && !changed.contains(QChar(0x1b)));
        QVERIFY(log.seek(0) && log.write(lines[0].left(20)) == 20);
        log.close();

        QVERIFY(QFile::rename(log.fileName(), log.fileName() + ".away"));
        const QString gone = shown("Signatures", 0);
        QVERIFY2(gone.startsWith("The evidence is not where it was taken in from:"), qPrintable(gone));
        QVERIFY(QFile::rename(log.fileName() + ".away", log.fileName()));
    }

    void the_inspector_links_to_the_lines()
    {
        DossierView view;
        std::vector<SourcePlace> wanted;
        connect(&view, &DossierView::source_wanted, [&](const SourcePlace& place) { wanted.push_back(place); });
        const Dossier dossier = client_dossier(*session_.data(), model::ClientId("site-02"), model::RoundNo{3});
        view.show_dossier(dossier);
        std::vector<SourcePlace> expected;
        for (const DossierSection& section : dossier.sections)
            for (const DossierLine& line : section.lines)
                if (line.source) expected.push_back(*line.source);
        QVERIFY(expected.size() >= 2);
        for (QTextBlock block = view.document()->begin(); block.isValid(); block = block.next())
            for (auto part = block.begin(); !part.atEnd(); ++part)
                if (part.fragment().charFormat().isAnchor())
                    emit view.anchorClicked(QUrl(part.fragment().charFormat().anchorHref()));
        QVERIFY(wanted == expected);
        emit view.anchorClicked(QUrl("99"));
        emit view.anchorClicked(QUrl("file:///etc/passwd"));
        QVERIFY(wanted == expected);
    }

    void custody_can_be_searched_verified_and_sealed()
    {
        auto* search = page_.findChild<QLineEdit*>();
        const int all = table("Custody chain")->model()->rowCount();
        search->setText("POLICY");
        QCOMPARE(table("Custody chain")->model()->rowCount(), 1);
        search->clear();
        QCOMPARE(table("Custody chain")->model()->rowCount(), all);

        auto* custody = page_.findChild<CustodyTab*>();
        custody->verify();
        QTRY_VERIFY_WITH_TIMEOUT(words().contains("INTACT: "), patience_ms);
        const QString seal = QString::fromStdString((root / "made.seal").string());
        QFile::remove(seal);
        custody->seal(seal);
        QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(seal), patience_ms);
        QTRY_COMPARE_WITH_TIMEOUT(table("Custody chain")->model()->rowCount(), all + 1, patience_ms);

        std::filesystem::remove(root / "faulty/updates/r1-site-00.npy");
        custody->verify();
        QTRY_VERIFY_WITH_TIMEOUT(words().contains("NOT INTACT: 1 problem."), patience_ms);
        QVERIFY(words().contains("updates/r1-site-00.npy: The file was taken in and is gone."));
    }
};

QTEST_MAIN(TestEvidencePage)
#include "tst_evidence_page.moc"
