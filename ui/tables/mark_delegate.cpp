// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tables/mark_delegate.h"

#include "ui/plots/palette.h"
#include "ui/tables/table_header.h"
#include "ui/tables/table_model.h"

#include <QApplication>
#include <QPainter>

namespace fedsleuth::ui {

namespace {

constexpr int gap = 4;

/// Selected rows are tinted, not painted over: marks and text keep their colours.
QPalette calm_selection(QPalette palette)
{
    const QColor base = palette.color(QPalette::Base);
    const QColor accent = Palette::of(palette).accent;
    const auto mix = [](int from, int to) { return from + (to - from) * 24 / 100; };
    palette.setColor(QPalette::Highlight, QColor(mix(base.red(), accent.red()), mix(base.green(), accent.green()),
                                                 mix(base.blue(), accent.blue())));
    palette.setColor(QPalette::HighlightedText, palette.color(QPalette::Text));
    return palette;
}

int mark_side(const QStyleOptionViewItem& option) { return option.fontMetrics.ascent(); }

}  // namespace

void MarkDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    QStyleOptionViewItem item = option;
    initStyleOption(&item, index);
    item.state &= ~QStyle::State_HasFocus;
    item.palette = calm_selection(item.palette);
    // The background over the whole cell, then the mark, then the text beside it.
    const QString text = item.text;
    item.text.clear();
    const QStyle* style = item.widget ? item.widget->style() : QApplication::style();
    style->drawControl(QStyle::CE_ItemViewItem, &item, painter, item.widget);

    QRect box = item.rect.adjusted(cell_padding, 0, -cell_padding, 0);
    const QVariant mark = index.data(MarkRole);
    if (mark.isValid()) {
        const int side = mark_side(item);
        const QRectF place(box.left(), box.center().y() - side / 2.0 + 0.5, side, side);
        draw_verdict_mark(*painter, place, static_cast<model::VerdictClass>(mark.toInt()), Palette::of(item.palette));
        box.setLeft(box.left() + side + gap);
    }
    painter->save();
    painter->setFont(item.font);
    painter->setPen(
        item.palette.color(item.state & QStyle::State_Enabled ? QPalette::Normal : QPalette::Disabled, QPalette::Text));
    painter->drawText(box, static_cast<int>(item.displayAlignment) | Qt::TextSingleLine,
                      item.fontMetrics.elidedText(text, item.textElideMode, box.width()));
    painter->restore();
}

QSize MarkDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    QStyleOptionViewItem item = option;
    initStyleOption(&item, index);
    const QVariant wanted = index.data(Qt::SizeHintRole);
    const int height = wanted.isValid() ? wanted.toSize().height() : item.fontMetrics.height() + gap;
    const int mark = index.data(MarkRole).isValid() ? mark_side(item) + gap : 0;
    return {item.fontMetrics.horizontalAdvance(item.text) + mark + 2 * cell_padding + 1, height};
}

}  // namespace fedsleuth::ui
