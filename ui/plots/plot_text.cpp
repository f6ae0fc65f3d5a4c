// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/plot_text.h"

#include <cmath>
#include <QFontMetricsF>
#include <QPainter>
#include <QToolTip>
#include <QWidget>

namespace fedsleuth::ui {
namespace {

QFont scaled(const QFont& platform, double factor)
{
    QFont font = platform;
    if (font.pointSizeF() > 0)
        font.setPointSizeF(std::round(font.pointSizeF() * factor * 2) / 2);
    else
        font.setPixelSize(int(std::lround(font.pixelSize() * factor)));
    return font;
}

}  // namespace

QString shown(model::RoundNo round) { return QString::number(round.value()); }

QString tooltip_html(const QString& plain)
{
    if (plain.isEmpty()) return {};
    QString html = plain.toHtmlEscaped();
    html.replace(QLatin1Char('\n'), QLatin1String("<br>"));
    return QStringLiteral("<qt>%1</qt>").arg(html);
}

QFont small_font(const QFont& platform) { return scaled(platform, 0.86); }

QFont title_font(const QFont& platform)
{
    QFont font = scaled(platform, 1.2);
    font.setWeight(QFont::DemiBold);
    return font;
}

void draw_elided(QPainter& painter, const QRectF& box, int flags, const QString& text, Qt::TextElideMode mode)
{
    const QFontMetricsF metrics(painter.font());
    painter.drawText(box, flags | Qt::TextSingleLine, metrics.elidedText(text, mode, box.width()));
}

void draw_inside(QPainter& painter, QRectF box, const QRectF& frame, const QString& text)
{
    const double width = std::min(QFontMetricsF(painter.font()).horizontalAdvance(text) + 1, box.width());
    box = QRectF(box.center().x() - width / 2, box.top(), width, box.height());
    if (box.right() > frame.right() - 2) box.moveRight(frame.right() - 2);
    if (box.left() < frame.left() + 2) box.moveLeft(frame.left() + 2);
    draw_elided(painter, box, Qt::AlignCenter, text);
}

void draw_empty(QPainter& painter, const QRectF& box, const QString& text, const QColor& color)
{
    painter.setPen(color);
    painter.drawText(box.adjusted(12, 8, -12, -8), Qt::AlignCenter | Qt::TextWordWrap, text);
}

void show_tooltip(QWidget* widget, const QPoint& position, const QString& plain)
{
    if (plain.isEmpty()) {
        QToolTip::hideText();
        return;
    }
    QToolTip::showText(widget->mapToGlobal(position + QPoint(2, 4)), tooltip_html(plain), widget);
}

void draw_focus(QPainter& painter, const QWidget* widget, const QColor& accent)
{
    if (!widget->hasFocus()) return;
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing, false);
    painter.setPen(QPen(accent, 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(widget->rect().adjusted(0, 0, -1, -1));
    painter.restore();
}

}  // namespace fedsleuth::ui
