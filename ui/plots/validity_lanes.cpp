// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/validity_lanes.h"

#include "ui/plots/palette.h"
#include "ui/plots/plot_text.h"

#include <algorithm>
#include <cmath>
#include <QDateTime>
#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>
#include <QTimeZone>

namespace fedsleuth::ui {

namespace {

constexpr double margin = 0.15;  ///< of the run, shown before and after it
constexpr double gap = 8;

QString time_label(double seconds, double span)
{
    const QDateTime time = QDateTime::fromSecsSinceEpoch(static_cast<qint64>(seconds), Qt::UTC);
    constexpr double day = 86400;
    return time.toString(span < 2 * day ? QStringLiteral("HH:mm:ss") : QStringLiteral("yyyy-MM-dd"));
}

}  // namespace

ValidityLanes::ValidityLanes(QWidget* parent) : QWidget(parent)
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setAccessibleName(tr("Validity of certificates"));
}

void ValidityLanes::set_lanes(std::vector<ValidityLane> lanes, double first, double last)
{
    lanes_ = std::move(lanes);
    first_ = first;
    last_ = std::max(last, first + 1);
    low_ = first_ - margin * (last_ - first_);
    high_ = last_ + margin * (last_ - first_);
    selected_.reset();
    updateGeometry();
    update();
}

void ValidityLanes::set_selected(std::optional<int> lane_idx)
{
    selected_ = lane_idx;
    update();
}

int ValidityLanes::row_height() const { return fontMetrics().height() + 4; }
QSize ValidityLanes::sizeHint() const { return {480, (static_cast<int>(lanes_.size()) + 2) * row_height()}; }
QSize ValidityLanes::minimumSizeHint() const { return {240, sizeHint().height()}; }

double ValidityLanes::names_width() const
{
    double widest = 0;
    for (const ValidityLane& lane : lanes_)
        widest = std::max(widest, static_cast<double>(fontMetrics().horizontalAdvance(lane.name)));
    return std::min(widest + 2, width() * 0.3);
}

double ValidityLanes::to_pixel(double seconds) const
{
    const double left = names_width() + gap;
    return left + (width() - left - 1) * (seconds - low_) / (high_ - low_);
}

void ValidityLanes::paintEvent(QPaintEvent*)
{
    if (lanes_.empty()) return;
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const Palette colors = Palette::of(palette());
    const double bottom = static_cast<double>(lanes_.size()) * row_height();
    // The run itself: whatever lies outside does not matter to it.
    QColor band = colors.hairline;
    band.setAlphaF(0.35f);
    painter.fillRect(QRectF(to_pixel(first_), 0, to_pixel(last_) - to_pixel(first_), bottom), band);
    for (std::size_t idx = 0; idx < lanes_.size(); ++idx) paint_lane(painter, idx);
    paint_axis(painter);
}

void ValidityLanes::paint_lane(QPainter& painter, std::size_t lane_idx) const
{
    const ValidityLane& lane = lanes_[lane_idx];
    const Palette colors = Palette::of(palette());
    const double top = static_cast<double>(lane_idx) * row_height();
    const double names = names_width();
    if (selected_ == static_cast<int>(lane_idx)) {
        QColor mark = colors.accent;
        mark.setAlphaF(0.18f);
        painter.fillRect(QRectF(0, top, width(), row_height()), mark);
    }
    painter.setPen(colors.ink);
    draw_elided(painter, {0, top, names, static_cast<double>(row_height())}, Qt::AlignLeft | Qt::AlignVCenter,
                lane.name);
    const double left = names + gap, right = width() - 1;
    if (!lane.from || !lane.until) {
        painter.setPen(colors.quiet);
        draw_elided(painter, {left + 4, top, right - left - 4, static_cast<double>(row_height())}, Qt::AlignVCenter,
                    tr("can't be read"));
        return;
    }
    const double middle = top + row_height() / 2.0;
    const double from = std::clamp(to_pixel(*lane.from), left, right);
    const double until = std::clamp(to_pixel(*lane.until), left, right);
    const QColor color = lane.bad ? colors.verdict(model::VerdictClass::suspect) : colors.quiet;
    painter.setPen(QPen(color, 3, Qt::SolidLine, Qt::FlatCap));
    if (until > from) painter.drawLine(QPointF(from, middle), QPointF(until, middle));
    painter.setPen(QPen(color, 2));
    const double half = row_height() / 3.0;
    // An end within the picture is a stroke, one outside of it an arrow.
    const auto end = [&](double seconds, double at, double away) {
        if (seconds >= low_ && seconds <= high_) {
            painter.drawLine(QPointF(at, middle - half), QPointF(at, middle + half));
        } else if (until > from) {
            painter.drawLine(QPointF(at, middle), QPointF(at - away * half, middle - half));
            painter.drawLine(QPointF(at, middle), QPointF(at - away * half, middle + half));
        }
    };
    end(*lane.from, from, -1);
    end(*lane.until, until, 1);
    if (lane.revoked && *lane.revoked >= low_ && *lane.revoked <= high_) {
        const double at = to_pixel(*lane.revoked);
        painter.setPen(QPen(colors.verdict(model::VerdictClass::malicious), 2));
        painter.drawLine(QPointF(at - half, middle - half), QPointF(at + half, middle + half));
        painter.drawLine(QPointF(at - half, middle + half), QPointF(at + half, middle - half));
    }
}

void ValidityLanes::paint_axis(QPainter& painter) const
{
    const Palette colors = Palette::of(palette());
    const double top = static_cast<double>(lanes_.size()) * row_height();
    painter.setPen(colors.hairline);
    painter.drawLine(QPointF(names_width() + gap, top + 0.5), QPointF(width() - 1, top + 0.5));
    painter.setPen(colors.quiet);
    const QString begin = time_label(first_, last_ - first_), end = time_label(last_, last_ - first_);
    const auto label = [&](double seconds, const QString& text) {
        const double wide = fontMetrics().horizontalAdvance(text) + 4;
        const double at = to_pixel(seconds);
        painter.drawLine(QPointF(at, top), QPointF(at, top + 4));
        draw_inside(painter, {at - wide / 2, top + 4, wide, static_cast<double>(row_height())},
                    QRectF(names_width() + gap, top, width() - names_width() - gap, 2 * row_height()), text);
    };
    label(first_, begin);
    label(last_, end);
    const QString day = QDateTime::fromSecsSinceEpoch(static_cast<qint64>(first_), Qt::UTC).toString("yyyy-MM-dd");
    painter.drawText(QRectF(0, top + 4, names_width(), row_height()), Qt::AlignLeft | Qt::AlignVCenter, day + " UTC");
    painter.drawText(
        QRectF(names_width() + gap, top + 4 + row_height() * 0.85, width() - names_width() - gap, row_height()),
        Qt::AlignHCenter | Qt::AlignVCenter,
        tr("shaded: while the federation ran    │ ends within the picture    ✕ revoked"));
}

int ValidityLanes::lane_at(const QPoint& position) const
{
    const int idx = position.y() / row_height();
    return position.y() >= 0 && idx < static_cast<int>(lanes_.size()) ? idx : -1;
}

bool ValidityLanes::event(QEvent* event)
{
    if (event->type() == QEvent::ToolTip) {
        const QPoint position = static_cast<QHelpEvent*>(event)->pos();
        const int idx = lane_at(position);
        show_tooltip(this, position, idx < 0 ? QString() : lanes_[static_cast<std::size_t>(idx)].tooltip);
        return true;
    }
    return QWidget::event(event);
}

void ValidityLanes::mousePressEvent(QMouseEvent* event)
{
    const int idx = lane_at(event->pos());
    if (idx >= 0 && event->button() == Qt::LeftButton) emit lane_clicked(idx);
}

}  // namespace fedsleuth::ui
