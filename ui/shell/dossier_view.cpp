// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/dossier_view.h"

#include "ui/pages/parts.h"
#include "ui/plots/palette.h"
#include "ui/plots/plot_text.h"

#include <QEvent>
#include <QScrollBar>
#include <QTextBlockFormat>
#include <QTextCursor>

namespace fedsleuth::ui {

namespace {

/// Writes paragraphs one under another.
class Writer {
public:
    explicit Writer(QTextDocument* document) : cursor_(document) {}

    void paragraph(int space_above)
    {
        QTextBlockFormat format;
        format.setTopMargin(first_ ? 0 : space_above);
        if (first_)
            cursor_.setBlockFormat(format);
        else
            cursor_.insertBlock(format);
        first_ = false;
    }
    void text(const QString& text, const QFont& font, const QColor& color)
    {
        QTextCharFormat format;
        format.setFont(font);
        format.setForeground(color);
        cursor_.insertText(text, format);
    }
    void link(const QString& text, const QString& target, const QFont& font, const QColor& color)
    {
        QTextCharFormat format;
        format.setFont(font);
        format.setForeground(color);
        format.setFontUnderline(true);
        format.setAnchor(true);
        format.setAnchorHref(target);
        cursor_.insertText(text, format);
    }

private:
    QTextCursor cursor_;
    bool first_ = true;
};

}  // namespace

DossierView::DossierView(QWidget* parent) : QTextBrowser(parent)
{
    setOpenLinks(false);
    setFrameShape(NoFrame);
    setTabChangesFocus(true);
    setTextInteractionFlags(Qt::TextBrowserInteraction | Qt::TextSelectableByKeyboard);
    setWordWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);  // digests have no spaces
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    viewport()->setBackgroundRole(QPalette::Window);
    document()->setDocumentMargin(0);
    setViewportMargins(0, 0, grid, 0);
    setAccessibleName(tr("What is selected"));
    setObjectName(QStringLiteral("dossier"));
    connect(this, &QTextBrowser::anchorClicked, this, [this](const QUrl& link) {
        bool is_number = false;
        const qulonglong idx = link.toString().toULongLong(&is_number);
        if (is_number && idx < sources_.size()) emit source_wanted(sources_[idx]);
    });
}

void DossierView::show_dossier(const Dossier& dossier)
{
    // The same thing with new contents keeps its place; another begins at its top.
    const bool same = words_.isEmpty() && dossier.title == dossier_.title;
    const int at = verticalScrollBar()->value();
    dossier_ = dossier;
    words_.clear();
    write();
    verticalScrollBar()->setValue(same ? at : 0);
}

void DossierView::show_words(const QString& words)
{
    dossier_ = {};
    words_ = words;
    write();
}

void DossierView::changeEvent(QEvent* event)
{
    QTextBrowser::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) write();
}

void DossierView::write()
{
    const Palette colors = Palette::of(palette());
    const QFont normal = font();
    const QFont small = small_font(normal);
    QFont bold = normal;
    bold.setWeight(QFont::DemiBold);
    clear();
    sources_.clear();
    Writer writer(document());
    if (!words_.isEmpty()) {
        writer.paragraph(0);
        writer.text(words_, normal, colors.quiet);
        return;
    }
    writer.paragraph(0);
    if (dossier_.mark)
        writer.text(verdict_symbol(*dossier_.mark) + u' ', title_font(normal), colors.verdict(*dossier_.mark));
    writer.text(text_of(dossier_.title), title_font(normal), colors.ink);
    if (!dossier_.subtitle.empty()) {
        writer.paragraph(0);
        writer.text(text_of(dossier_.subtitle), normal, colors.quiet);
    }
    for (const DossierSection& section : dossier_.sections) {
        writer.paragraph(4 * grid);
        writer.text(text_of(section.title), bold, colors.ink);
        for (const DossierLine& line : section.lines) {
            // A short fact stands behind its name, a sentence under it.
            const bool sentence = line.value.size() > 60;
            writer.paragraph(sentence ? grid : grid / 2);
            if (!line.label.empty()) writer.text(text_of(line.label), small, colors.quiet);
            if (sentence && !line.label.empty()) writer.paragraph(0);
            const QString gap = line.label.empty() || sentence ? QString() : QStringLiteral("   ");
            writer.text(gap + text_of(line.value), normal, colors.ink);
            if (!line.source) continue;
            writer.text(QStringLiteral("  "), small, colors.quiet);
            writer.link(text_of(place_words(*line.source)), QString::number(sources_.size()), small, colors.quiet);
            sources_.push_back(*line.source);
        }
    }
}

}  // namespace fedsleuth::ui
