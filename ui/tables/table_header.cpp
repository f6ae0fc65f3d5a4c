// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tables/table_header.h"

#include "ui/plots/palette.h"
#include "ui/plots/plot_text.h"

#include <algorithm>
#include <QPainter>

namespace fedsleuth::ui {

namespace {

constexpr int arrow_width = 8;
constexpr int gap = 4;

void draw_arrow(QPainter& painter, const QRectF& box, bool ascending)
{
    const QPointF middle = box.center();
    const double up = ascending ? -1 : 1;
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.drawPolygon(QPolygonF({{middle.x() - 3.5, middle.y() - 2 * up},
                                   {middle.x() + 3.5, middle.y() - 2 * up},
                                   {middle.x(), middle.y() + 2.5 * up}}));
}

int widest_line(const QFontMetrics& metrics, const QStringList& lines)
{
    int widest = 0;
    for (const QString& line : lines) widest = std::max(widest, metrics.horizontalAdvance(line));
    return widest;
}

}  // namespace

TableHeader::TableHeader(QWidget* parent) : QHeaderView(Qt::Horizontal, parent)
{
    setFont(small_font(font()));
    setSectionsClickable(true);
    setHighlightSections(false);
    setSortIndicatorShown(true);
    setSortIndicatorClearable(true);  // a third click goes back to the order in which the rows came
}

void TableHeader::paintEvent(QPaintEvent* event)
{
    QHeaderView::paintEvent(event);
    // The line goes on where the columns end.
    const QRect rest(length() - offset(), 0, viewport()->width() - length() + offset(), viewport()->height());
    if (rest.width() <= 0) return;
    QPainter painter(viewport());
    painter.fillRect(rest, palette().color(QPalette::Base));
    painter.fillRect(QRect(rest.left(), rest.bottom(), rest.width(), 1), Palette::of(palette()).hairline);
}

void TableHeader::paintSection(QPainter* painter, const QRect& rect, int section) const
{
    const Palette colors = Palette::of(palette());
    painter->save();
    painter->fillRect(rect, palette().color(QPalette::Base));
    painter->fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), colors.hairline);
    const bool sorted = isSortIndicatorShown() && sortIndicatorSection() == section;
    const int alignment = model()->headerData(section, orientation(), Qt::TextAlignmentRole).toInt();
    QRect box = rect.adjusted(cell_padding, 0, -cell_padding, -1);
    const QStringList lines = model()->headerData(section, orientation()).toString().split(u'\n');
    painter->setFont(font());
    painter->setPen(sorted ? colors.ink : colors.quiet);
    if (sorted) {
        // The arrow stands on the side where the text leaves room.
        const bool right = alignment & Qt::AlignRight;
        const int width = std::min(widest_line(fontMetrics(), lines), box.width() - arrow_width - gap);
        const int at = right ? box.right() + 1 - width - gap - arrow_width : box.left() + width + gap;
        painter->save();
        painter->setBrush(colors.ink);
        const int low = alignment & Qt::AlignBottom ? box.bottom() + 1 - fontMetrics().height() : box.top();
        draw_arrow(*painter, QRectF(QPointF(at, low), QPointF(at + arrow_width, box.bottom() + 1)),
                   sortIndicatorOrder() == Qt::AscendingOrder);
        painter->restore();
        box.adjust(right ? arrow_width + gap : 0, 0, right ? 0 : -arrow_width - gap, 0);
    }
    // Long names of narrow columns take several lines, which stand on the bottom as the others do.
    const int line_height = fontMetrics().height();
    if (lines.size() > 1) box.setTop(box.bottom() + 1 - 2 - line_height * int(lines.size()));
    for (const QString& line : lines) {
        const QRect place = lines.size() > 1 ? QRect(box.left(), box.top(), box.width(), line_height) : box;
        draw_elided(*painter, place, alignment, line);
        box.translate(0, line_height);
    }
    painter->restore();
}

QSize TableHeader::sectionSizeFromContents(int section) const
{
    const QStringList lines = model()->headerData(section, orientation()).toString().split(u'\n');
    const int height = fontMetrics().height() * int(lines.size());
    return {widest_line(fontMetrics(), lines) + 2 + 2 * cell_padding + arrow_width + gap, (height + 10) / 4 * 4};
}

}  // namespace fedsleuth::ui
