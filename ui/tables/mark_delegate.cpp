// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tables/mark_delegate.h"

#include "ui/plots/palette.h"
#include "ui/tables/table_model.h"

#include <QApplication>

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
    if (item.state & QStyle::State_Selected) item.palette = calm_selection(item.palette);
    const QVariant mark = index.data(MarkRole);
    const QStyle* style = item.widget ? item.widget->style() : QApplication::style();
    if (!mark.isValid()) {
        style->drawControl(QStyle::CE_ItemViewItem, &item, painter, item.widget);
        return;
    }
    // The background over the whole cell, then the mark, then the text beside it.
    const QString text = item.text;
    item.text.clear();
    style->drawControl(QStyle::CE_ItemViewItem, &item, painter, item.widget);
    const int side = mark_side(item);
    const int margin = style->pixelMetric(QStyle::PM_FocusFrameHMargin, &item, item.widget) + 1;
    const QRectF box(item.rect.left() + margin, item.rect.center().y() - side / 2.0 + 0.5, side, side);
    draw_verdict_mark(*painter, box, static_cast<model::VerdictClass>(mark.toInt()), Palette::of(item.palette));
    const QRect rest = item.rect.adjusted(margin + side + gap, 0, -margin, 0);
    const bool selected = item.state & QStyle::State_Selected;
    painter->setPen(item.palette.color(selected ? QPalette::HighlightedText : QPalette::Text));
    painter->drawText(rest, Qt::AlignLeft | Qt::AlignVCenter,
                      item.fontMetrics.elidedText(text, Qt::ElideRight, rest.width()));
}

QSize MarkDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    QSize size = QStyledItemDelegate::sizeHint(option, index);
    if (index.data(MarkRole).isValid()) size.rwidth() += mark_side(option) + gap;
    return size;
}

}  // namespace fedsleuth::ui
