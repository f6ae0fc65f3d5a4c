// SPDX-License-Identifier: GPL-3.0-or-later
// What lies over a line chart: levels with their names, marks, the caret, the point under the mouse and its tooltip.
#include "ui/plots/line_chart.h"
#include "ui/plots/palette.h"
#include "ui/plots/plot_text.h"
#include "ui/plots/scales.h"

#include <algorithm>
#include <cmath>
#include <QChart>
#include <QMouseEvent>
#include <QPainter>

namespace fedsleuth::ui {
namespace {

constexpr double reach = 14;  ///< pixels from a point at which it is meant

}  // namespace

void LineChart::drawForeground(QPainter* painter, const QRectF& rect)
{
    QChartView::drawForeground(painter, rect);
    const Palette colors = Palette::of(palette());
    painter->save();
    if (empty_) {
        draw_empty(*painter, QRectF(viewport()->rect()), contents_.empty_text, colors.quiet);
        painter->restore();
        return;
    }
    const QRectF plot = chart()->plotArea();
    painter->setFont(small_font(font()));
    if (has_legend()) paint_legend(*painter, plot);
    painter->setClipRect(plot.adjusted(-6, -6, 6, 6));
    const double line = QFontMetricsF(painter->font()).height();
    for (const ChartLevel& level : contents_.levels) {
        const double y = to_view({limits_.left(), level.y}).y();
        if (!std::isfinite(y) || y < plot.top() - 1 || y > plot.bottom() + 1) continue;
        painter->setPen(QPen(level.color, 1, level.style));
        painter->drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y));
        const bool above = y - line >= plot.top();
        draw_elided(*painter, {plot.left() + 4, above ? y - line : y, plot.width() - 8, line}, Qt::AlignLeft,
                    level.name);
    }
    if (contents_.caret_x) {
        const double x = std::round(to_view({*contents_.caret_x, limits_.top()}).x()) + 0.5;
        painter->setPen(QPen(colors.accent, 1));
        if (x >= plot.left() - 1 && x <= plot.right() + 1)
            painter->drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()));
    }
    for (const ChartMark& mark : contents_.marks) {
        if (!visible(mark.at)) continue;
        const QPointF at = to_view(mark.at);
        draw_verdict_mark(*painter, {at.x() - 5, at.y() - 5, 10, 10}, mark.verdict, colors);
    }
    if (const auto point = hit_point(hover_)) {
        painter->setBrush(Qt::NoBrush);
        painter->setPen(QPen(colors.ink, 1.25));
        painter->drawEllipse(to_view(*point), 5, 5);
    }
    painter->restore();
}

void LineChart::paint_legend(QPainter& painter, const QRectF& plot) const
{
    constexpr double sample = 18, gap = 6;
    const Palette colors = Palette::of(palette());
    const QFontMetricsF metrics(painter.font());
    const double line = metrics.height(), right = width() - 4;
    double x = plot.left();
    const auto name = [&](const QString& text) {
        x += sample + gap;
        const double wide = std::min(metrics.horizontalAdvance(text) + 1, std::max(0.0, right - x));
        painter.setPen(colors.quiet);
        draw_elided(painter, {x, 4, wide, line}, Qt::AlignLeft | Qt::AlignVCenter, text);
        x += wide + 2 * gap;
    };
    for (const ChartLine& entry : contents_.lines) {
        if (!entry.legend || entry.quiet || entry.name.isEmpty() || x + sample > right) continue;
        painter.setPen(QPen(entry.color, std::max(1.5, entry.width), entry.style));
        painter.drawLine(QPointF(x, 4 + line / 2), QPointF(x + sample, 4 + line / 2));
        name(entry.name);
    }
    for (const ChartBand& band : contents_.bands) {
        if (x + sample > right) break;
        QColor fill = band.color;
        fill.setAlphaF(band_alpha);
        painter.fillRect(QRectF(x, 4 + line / 2 - 4, sample, 8), fill);
        name(band.name);
    }
}

std::optional<QPointF> LineChart::hit_point(const Hit& hit) const
{
    if (hit.mark_idx >= 0) return contents_.marks[std::size_t(hit.mark_idx)].at;
    if (hit.line_idx >= 0) return contents_.lines[std::size_t(hit.line_idx)].points[hit.point_idx];
    return std::nullopt;
}

LineChart::Hit LineChart::nearest(const QPointF& view) const
{
    Hit best;
    if (empty_) return best;
    best.distance = reach;
    const auto better = [&](const QPointF& value, double bonus) {
        if (!visible(value)) return false;
        const QPointF way = to_view(value) - view;
        const double distance = std::hypot(way.x(), way.y()) - bonus;
        if (distance >= best.distance) return false;
        best.distance = distance;
        return true;
    };
    for (std::size_t line = 0; line < contents_.lines.size(); ++line)
        for (std::size_t point = 0; point < contents_.lines[line].points.size(); ++point)
            if (better(contents_.lines[line].points[point], contents_.lines[line].quiet ? 0 : 4)) {
                best.line_idx = int(line);
                best.point_idx = point;
            }
    for (std::size_t mark = 0; mark < contents_.marks.size(); ++mark)
        if (better(contents_.marks[mark].at, 6)) best = {-1, int(mark), 0, best.distance};
    return best;
}

QString LineChart::tooltip(const Hit& hit) const
{
    const auto point = hit_point(hit);
    if (!point) return {};
    const auto value_text = [](const ChartAxis& axis, double value) {
        const QString number = axis.whole ? tick_label(value, 1) : number_text(value, 4);
        return axis.unit.isEmpty() ? number : number + QLatin1Char(' ') + axis.unit;
    };
    QString text;
    if (hit.line_idx >= 0) {
        const QString& name = contents_.lines[std::size_t(hit.line_idx)].name;
        if (!name.isEmpty()) text = name + QLatin1Char('\n');
    }
    text += QStringLiteral("%1 %2\n%3: %4")
                .arg(contents_.x.name, value_text(contents_.x, point->x()), contents_.y.name,
                     value_text(contents_.y, point->y()));
    if (hit.mark_idx >= 0) {
        const QString& more = contents_.marks[std::size_t(hit.mark_idx)].text;
        if (!more.isEmpty()) text += QLatin1Char('\n') + more;
    }
    return text;
}

void LineChart::mouseMoveEvent(QMouseEvent* event)
{
    const Hit hit = nearest(event->position());
    if (hit.line_idx != hover_.line_idx || hit.mark_idx != hover_.mark_idx || hit.point_idx != hover_.point_idx) {
        hover_ = hit;
        viewport()->update();
    }
    show_tooltip(this, event->pos(), tooltip(hit));
}

void LineChart::mousePressEvent(QMouseEvent* event)
{
    if (empty_ || event->button() != Qt::LeftButton) return;
    const Hit hit = nearest(event->position());
    if (hit.line_idx >= 0) emit line_clicked(hit.line_idx);
    if (chart()->plotArea().contains(event->position())) emit x_clicked(to_x(event->position()));
}

void LineChart::mouseDoubleClickEvent(QMouseEvent* event)
{
    if (!empty_ && chart()->plotArea().contains(event->position())) emit x_activated(to_x(event->position()));
}

void LineChart::leaveEvent(QEvent* event)
{
    QChartView::leaveEvent(event);
    hover_ = {};
    viewport()->update();
}

void LineChart::resizeEvent(QResizeEvent* event)
{
    const bool ticks_change =
        width() / 72 != event->oldSize().width() / 72 || height() / 40 != event->oldSize().height() / 40;
    QChartView::resizeEvent(event);
    if (ticks_change) rebuild();
    place_crowd();
}

void LineChart::changeEvent(QEvent* event)
{
    QChartView::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) rebuild();
}

}  // namespace fedsleuth::ui
