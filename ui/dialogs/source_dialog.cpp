// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dialogs/source_dialog.h"

#include "model/text.h"
#include "ui/pages/parts.h"
#include "ui/session/case_session.h"
#include "ui/session/jobs.h"
#include "ui/tables/cells.h"

#include <QDialogButtonBox>
#include <QFontDatabase>
#include <QLabel>
#include <QPlainTextEdit>
#include <QTextBlock>
#include <QVBoxLayout>

namespace fedsleuth::ui {

namespace {

/// "   12  {…}", with what was left out named at its end.
QString line_text(const storage::Excerpt::Line& line, int number_width)
{
    QString text = QString::number(line.number).rightJustified(number_width) + QStringLiteral("  ") + shown(line.text);
    if (line.left_out > 0) text += SourceDialog::tr(" … (%1 more bytes)").arg(line.left_out);
    return text;
}

QString state_words(const storage::Excerpt& excerpt, const SourcePlace& place)
{
    if (!excerpt.found)
        return place.line > 0 ? SourceDialog::tr("The file has no line %1 any more.").arg(place.line)
                              : SourceDialog::tr("The file is empty.");
    const QString what = place.line > 0 ? SourceDialog::tr("This line") : SourceDialog::tr("This file");
    if (!excerpt.unchanged) return SourceDialog::tr("%1 as it lies in the evidence folder now.").arg(what);
    return *excerpt.unchanged ? SourceDialog::tr("%1 is as it was taken in.").arg(what)
                              : SourceDialog::tr("%1 was CHANGED after it was taken in: what the case says comes from "
                                                 "what stood here before.")
                                    .arg(what);
}

}  // namespace

SourceDialog::SourceDialog(CaseSession& session, const SourcePlace& place, QWidget* parent)
    : QDialog(parent), place_(place), state_(make_text(this)), text_(new QPlainTextEdit(this))
{
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(text_of(place_words(place_)));
    text_->setReadOnly(true);
    text_->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    text_->setWordWrapMode(QTextOption::WrapAnywhere);
    text_->setAccessibleName(tr("Lines of the evidence"));
    text_->setObjectName(QStringLiteral("source_text"));
    state_->setObjectName(QStringLiteral("source_state"));
    state_->setText(tr("Reading …"));
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    auto* layout = new QVBoxLayout(this);
    layout->addWidget(state_);
    layout->addWidget(text_, 1);
    layout->addWidget(buttons);
    resize(900, 520);
    read(session);
}

void SourceDialog::read(CaseSession& session)
{
    const CaseDataPtr data = session.data();
    if (!data || data->case_path.empty()) {
        state_->setText(tr("This case has no evidence folder."));
        return;
    }
    session.jobs().start<storage::Excerpt>(
        QStringLiteral("source"), tr("Reading the evidence"), this,
        [path = data->case_path, place = place_](JobControl& control) -> model::Result<storage::Excerpt> {
            FEDSLEUTH_TRY(const auto file,
                          storage::CaseFile::open(path, storage::CaseFile::Mode::read_only));
            return storage::read_excerpt(*file, place.file, place.line, control.progress);
        },
        [this](const model::Result<storage::Excerpt>& excerpt) {
            if (excerpt)
                show_excerpt(*excerpt);
            else if (excerpt.error().code == model::ErrorCode::not_found)
                state_->setText(tr("The evidence is not where it was taken in from: %1.")
                                    .arg(shown(excerpt.error().where + ": " + excerpt.error().message)));
            else
                state_->setText(tr("It can't be shown: %1.").arg(shown(excerpt.error().text())));
        });
}

void SourceDialog::show_excerpt(const storage::Excerpt& excerpt)
{
    state_->setText(state_words(excerpt, place_));
    const int width =
        excerpt.lines.empty() ? 1 : static_cast<int>(QString::number(excerpt.lines.back().number).size());
    QStringList lines;
    int marked = -1;
    for (const storage::Excerpt::Line& line : excerpt.lines) {
        if (line.number == place_.line) marked = static_cast<int>(lines.size());
        lines << line_text(line, width);
    }
    text_->setPlainText(lines.join(u'\n'));
    if (marked < 0) return;
    QTextEdit::ExtraSelection mark;
    mark.cursor = QTextCursor(text_->document()->findBlockByNumber(marked));
    mark.cursor.movePosition(QTextCursor::EndOfBlock, QTextCursor::KeepAnchor);
    mark.format.setBackground(palette().highlight());
    mark.format.setForeground(palette().highlightedText());
    text_->setExtraSelections({mark});
    text_->setTextCursor(QTextCursor(text_->document()->findBlockByNumber(marked)));
    text_->centerCursor();
}

void show_source(CaseSession& session, const std::optional<SourcePlace>& place, QWidget* parent)
{
    if (place) (new SourceDialog(session, *place, parent))->show();
}

}  // namespace fedsleuth::ui
