// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/custody_tab.h"

#include "model/text.h"
#include "model/wording.h"
#include "storage/case/case_file.h"
#include "storage/custody/seal.h"
#include "storage/custody/verify.h"
#include "ui/pages/parts.h"
#include "ui/session/case_session.h"
#include "ui/session/custody_words.h"
#include "ui/session/jobs.h"
#include "ui/session/wording.h"
#include "ui/tables/table_view.h"

#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSaveFile>
#include <QVBoxLayout>

namespace fedsleuth::ui {

namespace {

Cell digest_cell(const std::string& digest)
{
    Cell cell = text_cell(digest);
    if (digest.size() > 16) {
        cell.tip = cell.text;
        cell.text = cell.text.left(12) + QStringLiteral("…");
    }
    return cell;
}

Cell parameters_cell(const std::string& parameters_json)
{
    Cell cell = text_cell(custody_parameters_text(parameters_json));
    cell.tip = cell.text + QStringLiteral("\n\n") + shown(parameters_json);  // the column may be too narrow for either
    return cell;
}

}  // namespace

CustodyTab::CustodyTab(CaseSession& session, QWidget* parent)
    : QWidget(parent),
      session_(session),
      state_(make_text(this)),
      answer_(make_text(this)),
      search_(new QLineEdit(this)),
      verify_(new QPushButton(tr("&Verify"), this)),
      seal_(new QPushButton(tr("&Seal…"), this)),
      table_(new RowTable<Entry>(columns(), this)),
      view_(new TableView(this))
{
    view_->show_table(table_);
    view_->setAccessibleName(tr("Custody chain"));
    view_->set_empty_text(tr("Nothing is on record."));
    search_->setPlaceholderText(tr("Search the entries"));
    search_->setAccessibleName(tr("Search the custody chain"));
    search_->setClearButtonEnabled(true);
    verify_->setToolTip(tr("Reads the evidence again and recomputes everything that custody vouches for"));
    seal_->setToolTip(tr("Signs the head of the chain with your own key, as a small text to keep elsewhere"));
    auto* bar = new QHBoxLayout;
    bar->addWidget(search_, 1);
    bar->addWidget(verify_);
    bar->addWidget(seal_);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 2 * grid, 0, 0);
    layout->setSpacing(grid);
    layout->addWidget(state_);
    layout->addLayout(bar);
    layout->addWidget(answer_);
    layout->addWidget(view_, 1);
    say(answer_, {});
    connect(search_, &QLineEdit::textChanged, this, [this] { fill(); });
    connect(verify_, &QPushButton::clicked, this, [this] { verify(); });
    connect(seal_, &QPushButton::clicked, this, [this] { ask_for_seal_file(); });
}

std::vector<RowTable<CustodyTab::Entry>::Column> CustodyTab::columns()
{
    using Row = Entry;
    return {
        {{tr("No."), {}, true, 6}, [](const Row& row) { return count_cell(row->index); }},
        {{tr("Time"), {}, false, 24}, [](const Row& row) { return time_cell(row->time); }},
        {{tr("Actor"), tr("User of the operating system"), false, 14},
         [](const Row& row) { return text_cell(row->actor); }},
        {{tr("Action"), {}, false, 12}, [](const Row& row) { return text_cell(model::plain_words(row->action)); }},
        {{tr("Subject"), {}, false, 36}, [](const Row& row) { return text_cell(row->subject); }},
        {{tr("Parameters"), tr("What the act was done with; the tooltip has it as it is on record"), false, 0, true},
         [](const Row& row) { return parameters_cell(row->parameters_json); }},
        {{tr("SHA-256"), tr("Of what the act produced or took in"), false, 16},
         [](const Row& row) { return digest_cell(row->sha256); }},
        {{tr("Hash"), tr("Over this entry and the hash of the one before"), false, 16},
         [](const Row& row) { return digest_cell(row->hash); }},
    };
}

void CustodyTab::show_data(const CaseDataPtr& data)
{
    const bool another = !data || !data_ || data->case_path != data_->case_path;
    data_ = data;
    if (another) say(answer_, {});
    verify_->setEnabled(data != nullptr);
    seal_->setEnabled(data && data->custody_intact);
    if (!data) {
        state_->clear();
    } else {
        QStringList problems;
        for (const std::string& problem : data->custody_problems) problems << shown(problem);
        constexpr qsizetype at_most = 5;
        const qsizetype hidden = problems.size() - at_most;
        if (hidden > 0) problems = problems.mid(0, at_most) << tr("… and %1 more.").arg(hidden);
        state_->setText(data->custody_intact
                            ? tr("The chain is intact: every entry's hash fits its contents and the entry before.")
                            : tr("The chain is BROKEN:\n%1").arg(problems.join(u'\n')));
    }
    fill();
}

void CustodyTab::fill()
{
    std::vector<Entry> rows;
    const std::string wanted = search_->text().trimmed().toLower().toStdString();
    if (data_)
        for (const model::CustodyEntry& entry : data_->custody) {
            const std::string all = entry.time + ' ' + entry.actor + ' ' + entry.action + ' ' + entry.subject + ' ' +
                                    entry.parameters_json + ' ' + custody_parameters_text(entry.parameters_json) + ' ' +
                                    entry.sha256 + ' ' + entry.hash;
            if (wanted.empty() || text_of(all).toLower().contains(text_of(wanted))) rows.push_back(&entry);
        }
    table_->set_rows(std::move(rows), data_);
}

void CustodyTab::verify()
{
    if (!data_) return;
    verify_->setEnabled(false);
    say(answer_, tr("Verifying …"));
    session_.jobs().start<storage::Verification>(
        QStringLiteral("verify"), tr("Verifying"), this,
        [path = data_->case_path](JobControl& control) -> model::Result<storage::Verification> {
            FEDSLEUTH_TRY(const auto file, storage::CaseFile::open(path, storage::CaseFile::Mode::read_only));
            const auto guard = control.interruptible([&file] { file->interrupt(); });
            return storage::verify_case(*file, {}, control.progress);
        },
        [this, before = data_](const model::Result<storage::Verification>& answer) {
            verify_->setEnabled(data_ != nullptr);
            if (!data_ || data_->case_path != before->case_path) return;
            if (answer)
                show_verification(*answer);
            else
                say(answer_, answer.error().code == model::ErrorCode::cancelled
                                 ? tr("Verifying was stopped: nothing can be said yet.")
                                 : tr("Verifying failed: %1").arg(text_of(answer.error().text())));
        });
}

void CustodyTab::show_verification(const storage::Verification& result)
{
    QStringList lines;
    if (result.intact())
        lines << tr("INTACT: %1 on record, %2 (%3) read again; rows, numbers and files are as they were.")
                     .arg(text_of(counted(result.evidence_files, "evidence file", "evidence files")),
                          text_of(counted(result.files_read, "file", "files")),
                          text_of(model::byte_text(result.bytes_read)));
    else
        lines << tr("NOT INTACT: %1.")
                     .arg(text_of(counted(static_cast<std::int64_t>(result.problems.size()), "problem", "problems")));
    constexpr std::size_t at_most = 8;
    for (std::size_t idx = 0; idx < std::min(at_most, result.problems.size()); ++idx) {
        const storage::CustodyProblem& problem = result.problems[idx];
        lines << shown(problem.what + (problem.where.empty() ? "" : ", " + problem.where) + ": " + problem.text);
    }
    if (result.problems.size() > at_most) lines << tr("… and %1 more.").arg(result.problems.size() - at_most);
    for (const std::string& note : result.notes) lines << shown(note);
    say(answer_, lines.join(u'\n'));
}

void CustodyTab::ask_for_seal_file()
{
    if (!data_) return;
    auto* dialog = new QFileDialog(this, tr("Where should the seal go?"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->selectFile(QFileInfo(text_of(data_->case_path)).completeBaseName() + QStringLiteral(".seal"));
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& file) { seal(file); });
    dialog->open();
}

void CustodyTab::seal(const QString& seal_file)
{
    if (!data_) return;
    session_.jobs().start<std::string>(
        QStringLiteral("seal"), tr("Sealing"), this,
        [path = data_->case_path](JobControl&) -> model::Result<std::string> {
            FEDSLEUTH_TRY(const auto place, storage::SealKey::usual_place());
            FEDSLEUTH_TRY(const storage::SealKey key, storage::SealKey::load_or_make(place));
            FEDSLEUTH_TRY(const auto file, storage::CaseFile::open(path));
            return storage::seal_case(*file, key);
        },
        [this, seal_file](const model::Result<std::string>& text) {
            if (!text) {
                say(answer_, tr("The case was not sealed: %1").arg(text_of(text.error().text())));
                return;
            }
            QSaveFile file(seal_file);
            const bool written = file.open(QIODevice::WriteOnly) &&
                                 file.write(text->data(), qint64(text->size())) == qint64(text->size()) &&
                                 file.commit();
            say(answer_,
                written
                    ? tr("Sealed. The seal is in %1: keep it apart from the case.").arg(seal_file)
                    : tr("The seal can't be written to %1: %2\n%3").arg(seal_file, file.errorString(), text_of(*text)));
            session_.acts_changed();
        },
        {.shown = true, .must_finish = true});
}

}  // namespace fedsleuth::ui
