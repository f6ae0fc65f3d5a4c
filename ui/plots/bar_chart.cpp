// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/bar_chart.h"

#include "ui/plots/palette.h"
#include "ui/plots/plot_text.h"
#include "ui/plots/scales.h"

#include <algorithm>
#include <cmath>
#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>

namespace fedsleuth::ui {
namespace {

QString text_of(const Bar& bar)
{
    if (!bar.value_text.isEmpty()) return bar.value_text;
    return bar.value == std::floor(bar.value) ? tick_label(bar.value, 1) : number_text(bar.value);
}

}  // namespace

BarChart::BarChart(QWidget* parent) : QWidget(parent)
{
    setMouseTracking(true);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void BarChart::set_bars(std::vector<Bar> bars)
{
    bars_ = std::move(bars);
    updateGeometry();
    update();
}

int BarChart::row_height() const { return fontMetrics().height() + 6; }
QSize BarChart::sizeHint() const { return {320, std::max(1, int(bars_.size())) * row_height()}; }
QSize BarChart::minimumSizeHint() const { return {160, sizeHint().height()}; }

void BarChart::paintEvent(QPaintEvent*)
{
    if (bars_.empty()) return;
    QPainter painter(this);
    const Palette colors = Palette::of(palette());
    double names = 0, values = 0, most = 0;
    for (const Bar& bar : bars_) {
        names = std::max(names, double(fontMetrics().horizontalAdvance(bar.name)));
        values = std::max(values, double(fontMetrics().horizontalAdvance(text_of(bar))));
        if (std::isfinite(bar.value)) most = std::max(most, bar.value);
    }
    names = std::min(names + 2, width() * 0.45);
    const double room = std::max(1.0, width() - names - values - 20);
    for (std::size_t idx = 0; idx < bars_.size(); ++idx) {
        const Bar& bar = bars_[idx];
        const double top = double(idx) * row_height();
        painter.setPen(colors.ink);
        draw_elided(painter, {0, top, names, double(row_height())}, Qt::AlignLeft | Qt::AlignVCenter, bar.name);
        const double share = most > 0 && std::isfinite(bar.value) ? std::clamp(bar.value / most, 0.0, 1.0) : 0;
        const double length = bar.value > 0 ? std::max(1.0, std::round(share * room)) : 0;
        painter.fillRect(QRectF(names + 8, top + 4, length, row_height() - 8), bar.color);
        painter.drawText(QRectF(names + 8 + length + 6, top, values + 2, row_height()),
                         Qt::AlignLeft | Qt::AlignVCenter, text_of(bar));
    }
}

int BarChart::bar_at(const QPoint& position) const
{
    const int idx = position.y() / row_height();
    return position.y() >= 0 && idx < int(bars_.size()) ? idx : -1;
}

bool BarChart::event(QEvent* event)
{
    if (event->type() == QEvent::ToolTip) {
        const QPoint position = static_cast<QHelpEvent*>(event)->pos();
        const int idx = bar_at(position);
        show_tooltip(this, position, idx < 0 ? QString() : bars_[std::size_t(idx)].tooltip);
        return true;
    }
    return QWidget::event(event);
}

void BarChart::mousePressEvent(QMouseEvent* event)
{
    const int idx = bar_at(event->pos());
    if (idx >= 0 && event->button() == Qt::LeftButton) emit bar_clicked(idx);
}

}  // namespace fedsleuth::ui
