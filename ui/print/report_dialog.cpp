// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/print/report_dialog.h"

#include "model/json_writer.h"
#include "storage/case/case_file.h"
#include "storage/custody/file_digest.h"
#include "ui/pages/parts.h"
#include "ui/print/report_pdf.h"
#include "ui/session/case_session.h"
#include "ui/session/jobs.h"
#include "ui/tables/cells.h"

#include <QCheckBox>
#include <QDateTime>
#include <QFileDialog>
#include <QLabel>
#include <QPushButton>
#include <QSaveFile>
#include <QTextBrowser>
#include <QTextDocument>
#include <QVBoxLayout>

namespace fedsleuth::ui {

namespace {

constexpr int page_width = 760;
const QString report_lane = QStringLiteral("report");
const QString save_lane = QStringLiteral("save-report");

model::Result<void> write_bytes(const QString& path, const std::string& bytes)
{
    QSaveFile file(path);
    if (!file.open(QIODevice::WriteOnly) ||
        file.write(bytes.data(), static_cast<qint64>(bytes.size())) != static_cast<qint64>(bytes.size()) ||
        !file.commit())
        return model::fail(model::ErrorCode::io, file.errorString().toStdString(), path.toStdString());
    return {};
}

model::Result<bool> save(const analysis::Report& report, const QString& path, const std::string& case_path,
                         bool pseudonyms)
{
    if (path.endsWith(QStringLiteral(".pdf"), Qt::CaseInsensitive))
        FEDSLEUTH_CHECK(write_report_pdf(report, path));
    else if (path.endsWith(QStringLiteral(".json"), Qt::CaseInsensitive))
        FEDSLEUTH_CHECK(write_bytes(path, report.json));
    else
        FEDSLEUTH_CHECK(write_bytes(path, analysis::report_html(report)));
    FEDSLEUTH_TRY(const std::string sha256, storage::sha256_of_file(path.toStdString()));
    FEDSLEUTH_TRY(const std::unique_ptr<storage::CaseFile> store,
                  storage::CaseFile::open(case_path, storage::CaseFile::Mode::read_write));
    model::JsonWriter parameters;
    parameters.begin_object().field("version", FEDSLEUTH_VERSION).field("what", "report");
    parameters.field("pseudonyms", pseudonyms).end_object();
    FEDSLEUTH_CHECK(store->append_custody("export", path.toStdString(), parameters.text(), sha256));
    return true;
}

}  // namespace

ReportDialog::ReportDialog(CaseSession& session, QWidget* parent)
    : QDialog(parent),
      session_(session),
      case_path_(session.data() ? session.data()->case_path : std::string()),
      pseudonyms_(new QCheckBox(tr("&Pseudonyms instead of client ids"), this)),
      preview_(new QTextBrowser(this)),
      message_(make_quiet_text(this)),
      save_(new QPushButton(tr("&Save as…"), this))
{
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(tr("Report"));
    resize(page_width + 80, 900);
    preview_->setOpenLinks(false);
    preview_->setAccessibleName(tr("Preview"));
    QPalette paper = preview_->palette();  // as it will be printed, whatever the window's palette
    paper.setColor(QPalette::Base, Qt::white);
    paper.setColor(QPalette::Text, QColor(0x1f, 0x23, 0x28));
    preview_->setPalette(paper);
    auto* close = new QPushButton(tr("Close"), this);
    auto* row = new QHBoxLayout;
    row->addWidget(pseudonyms_);
    row->addStretch(1);
    row->addWidget(save_);
    row->addWidget(close);
    auto* layout = new QVBoxLayout(this);
    layout->addWidget(preview_, 1);
    layout->addWidget(message_);
    layout->addLayout(row);
    connect(pseudonyms_, &QCheckBox::toggled, this, &ReportDialog::make);
    connect(save_, &QPushButton::clicked, this, &ReportDialog::ask_where);
    connect(close, &QPushButton::clicked, this, &QDialog::reject);
    make();
}

ReportDialog::~ReportDialog()
{
    preview_->setDocument(nullptr);  // the document goes first
    session_.jobs().abandon(report_lane);
}

void ReportDialog::make()
{
    report_.reset();
    save_->setEnabled(false);
    say(message_, tr("Making the report…"));
    const analysis::ReportOptions options{pseudonyms_->isChecked(),
                                          QDateTime::currentDateTimeUtc().toString(Qt::ISODate).toStdString()};
    session_.jobs().start<analysis::Report>(
        report_lane, tr("Making the report"), this,
        [path = case_path_, options](JobControl& control) -> model::Result<analysis::Report> {
            FEDSLEUTH_TRY(const std::unique_ptr<storage::CaseFile> file,
                          storage::CaseFile::open(path, storage::CaseFile::Mode::read_only));
            FEDSLEUTH_TRY(const analysis::ReportData data,
                          analysis::read_report_data(*file, *file, true, control.progress));
            return analysis::make_report(data, options);
        },
        [this](model::Result<analysis::Report> answer) {
            if (!answer) {
                say(message_, tr("There is no report: %1").arg(shown(answer.error().text())));
                return;
            }
            report_ = std::make_unique<const analysis::Report>(std::move(*answer));
            auto document = report_document(*report_, page_width);
            preview_->setDocument(document.get());
            document_ = std::move(document);
            say(message_, {});
            save_->setEnabled(true);
        });
}

void ReportDialog::ask_where()
{
    auto* dialog =
        new QFileDialog(this, tr("Save the report"), QString(), tr("Web page (*.html);;PDF (*.pdf);;JSON (*.json)"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(QStringLiteral("html"));
    connect(dialog, &QFileDialog::filterSelected, dialog, [dialog](const QString& filter) {
        dialog->setDefaultSuffix(filter.contains(QStringLiteral("*.pdf"))    ? QStringLiteral("pdf")
                                 : filter.contains(QStringLiteral("*.json")) ? QStringLiteral("json")
                                                                             : QStringLiteral("html"));
    });
    connect(dialog, &QFileDialog::fileSelected, this, &ReportDialog::save_to);
    dialog->open();
}

void ReportDialog::save_to(const QString& path)
{
    if (!report_) return;
    say(message_, tr("Saving…"));
    session_.jobs().start<bool>(
        save_lane, tr("Saving the report"), this,
        [report = *report_, path, case_path = case_path_, hidden = pseudonyms_->isChecked()](JobControl&) {
            return save(report, path, case_path, hidden);
        },
        [this, path](const model::Result<bool>& saved) {
            say(message_, saved ? tr("Saved as %1; the case has it on record.").arg(path)
                                : tr("Not saved: %1").arg(shown(saved.error().text())));
        });
}

}  // namespace fedsleuth::ui
