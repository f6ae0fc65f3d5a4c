// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/lane.h"

#include "ui/plots/palette.h"
#include "ui/plots/plot_text.h"
#include "ui/plots/scales.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>

namespace fedsleuth::ui {
namespace {

/// A contaminated checkpoint looks like a malicious client, a suspect one like a suspect client.
model::VerdictClass verdict_like(CheckpointStatus status)
{
    switch (status) {
        case CheckpointStatus::clean:
            return model::VerdictClass::clean;
        case CheckpointStatus::suspect:
            return model::VerdictClass::suspect;
        case CheckpointStatus::contaminated:
            return model::VerdictClass::malicious;
        case CheckpointStatus::unknown:
            break;
    }
    return model::VerdictClass::unknown;
}

QString name_of(CheckpointStatus status)
{
    switch (status) {
        case CheckpointStatus::clean:
            return QStringLiteral("clean");
        case CheckpointStatus::suspect:
            return QStringLiteral("suspect");
        case CheckpointStatus::contaminated:
            return QStringLiteral("contaminated");
        case CheckpointStatus::unknown:
            break;
    }
    return QStringLiteral("not known");
}

int gravity(CheckpointStatus status)
{
    constexpr std::array order{CheckpointStatus::unknown, CheckpointStatus::clean, CheckpointStatus::suspect,
                               CheckpointStatus::contaminated};
    return int(std::find(order.begin(), order.end(), status) - order.begin());
}

constexpr double gap = 4;
constexpr double largest_cell = 44;

}  // namespace

CheckpointStatus checkpoint_status_from(const std::string& status)
{
    if (status == "clean") return CheckpointStatus::clean;
    if (status == "suspect") return CheckpointStatus::suspect;
    if (status == "contaminated") return CheckpointStatus::contaminated;
    return CheckpointStatus::unknown;
}

Lane::Lane(QWidget* parent) : QWidget(parent)
{
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setAccessibleName(QStringLiteral("Checkpoints"));
}

void Lane::set_cells(std::vector<LaneCell> cells)
{
    cells_ = std::move(cells);
    selected_.reset();
    hover_.reset();
    update();
}

void Lane::set_selected(std::optional<model::RoundNo> round)
{
    selected_.reset();
    for (std::size_t idx = 0; round && idx < cells_.size(); ++idx)
        if (cells_[idx].round == *round) selected_ = idx;
    update();
}

QSize Lane::sizeHint() const
{
    const int line = int(std::ceil(QFontMetricsF(small_font(font())).height()));
    return {480, 3 * line + 28 + 6 * int(gap)};
}
QSize Lane::minimumSizeHint() const { return {200, sizeHint().height()}; }

QRectF Lane::strip() const
{
    const double line = QFontMetricsF(small_font(font())).height();
    const double across = std::min(width() - 2 * gap, double(cells_.size()) * largest_cell);
    return {gap, gap + line + gap, std::max(1.0, std::floor(across)), 28};
}

QRectF Lane::cell_rect(std::size_t cell_idx) const
{
    const QRectF box = strip();
    const double each = box.width() / double(std::max<std::size_t>(1, cells_.size()));
    return {box.left() + each * double(cell_idx), box.top(), each, box.height()};
}

std::optional<std::size_t> Lane::cell_at(const QPointF& position) const
{
    const QRectF box = strip();
    if (cells_.empty() || position.x() < box.left() || position.x() >= box.right()) return std::nullopt;
    const double share = (position.x() - box.left()) / box.width();
    return std::min(cells_.size() - 1, std::size_t(share * double(cells_.size())));
}

void Lane::paint_cells(QPainter& painter) const
{
    const Palette colors = Palette::of(palette());
    const QRectF box = strip();
    const double each = box.width() / double(cells_.size());
    const auto fill_of = [&](CheckpointStatus status) {
        QColor fill = colors.verdict(verdict_like(status));
        fill.setAlphaF(status == CheckpointStatus::contaminated ? 0.45F
                       : status == CheckpointStatus::suspect    ? 0.35F
                                                                : 0.14F);
        return fill;
    };
    if (each < 2) {  // more checkpoints than pixels: a column shows the worst
        for (int pixel = 0; pixel < int(box.width()); ++pixel) {
            const auto from = std::size_t(pixel / box.width() * double(cells_.size()));
            const auto to = std::max(from + 1, std::size_t((pixel + 1) / box.width() * double(cells_.size())));
            const auto worst =
                std::max_element(cells_.begin() + std::ptrdiff_t(from), cells_.begin() + std::ptrdiff_t(to),
                                 [](const LaneCell& left, const LaneCell& right) {
                                     return gravity(left.status) < gravity(right.status);
                                 });
            painter.fillRect(QRectF(box.left() + pixel, box.top(), 1, box.height()), fill_of(worst->status));
        }
        return;
    }
    for (std::size_t idx = 0; idx < cells_.size(); ++idx) {
        const QRectF cell = cell_rect(idx).adjusted(0, 0, each >= 4 ? -1 : 0, 0);
        painter.fillRect(cell, fill_of(cells_[idx].status));
        if (each < 9) continue;
        const QRectF mark(cell.center().x() - 5, cell.center().y() - 5, 10, 10);
        draw_verdict_mark(painter, mark, verdict_like(cells_[idx].status), colors);
    }
}

void Lane::paint_flag(QPainter& painter) const
{
    const Palette colors = Palette::of(palette());
    const auto found =
        std::find_if(cells_.begin(), cells_.end(), [](const LaneCell& cell) { return cell.recommended; });
    if (found == cells_.end()) return;
    const QRectF cell = cell_rect(std::size_t(found - cells_.begin()));
    const double x = std::round(cell.center().x()) + 0.5;
    const double top = gap, line = QFontMetricsF(painter.font()).height();
    painter.setPen(QPen(colors.ink, 1));
    painter.drawLine(QPointF(x, top), QPointF(x, cell.top() + 3));
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setBrush(colors.ink);
    painter.drawPolygon(QPolygonF({{x, top}, {x + 9, top + 3.5}, {x, top + 7}}));
    painter.setRenderHint(QPainter::Antialiasing, false);
    const QString text = QStringLiteral("recommended: round %1").arg(shown(found->round));
    const double width = painter.fontMetrics().horizontalAdvance(text) + 2;
    const bool right = x + 14 + width <= this->width();
    const QRectF box(right ? x + 14 : std::max(0.0, x - 6 - width), top, width, line);
    painter.drawText(box, Qt::AlignLeft | Qt::AlignVCenter, text);
}

void Lane::paint_axis(QPainter& painter) const
{
    const Palette colors = Palette::of(palette());
    const QRectF box = strip();
    const double line = QFontMetricsF(painter.font()).height();
    const double first = double(cells_.front().round.value()), last = double(cells_.back().round.value());
    const double size = painter.fontMetrics().horizontalAdvance(shown(cells_.back().round)) + 8;
    const Ticks ticks = whole_ticks(first, last, std::max(2, int(box.width() / std::max(size, 24.0))));
    double free_from = -1e9;
    for (std::size_t idx = 0; idx < cells_.size(); ++idx) {
        const std::int64_t round = cells_[idx].round.value();
        if (ticks.step > 1 && round % std::int64_t(ticks.step) != 0) continue;
        const double middle = cell_rect(idx).center().x();
        if (middle - size / 2 < free_from) continue;
        free_from = middle + size / 2;
        painter.setPen(idx == selected_ ? colors.accent : colors.quiet);
        draw_inside(painter, {middle - size / 2, box.bottom() + 2, size, line}, rect(), shown(cells_[idx].round));
    }
}

void Lane::paint_legend(QPainter& painter) const
{
    const Palette colors = Palette::of(palette());
    const double line = QFontMetricsF(painter.font()).height();
    const double top = strip().bottom() + line + gap;
    double x = gap;
    const auto write = [&](const QString& text) {
        const double width = painter.fontMetrics().horizontalAdvance(text) + 1;
        painter.setPen(colors.quiet);
        painter.drawText(QRectF(x, top, width, line), Qt::AlignVCenter, text);
        x += width + 12;
    };
    write(QStringLiteral("Checkpoint after round"));
    for (const auto status : {CheckpointStatus::clean, CheckpointStatus::suspect, CheckpointStatus::contaminated,
                              CheckpointStatus::unknown}) {
        const auto count =
            std::count_if(cells_.begin(), cells_.end(), [&](const LaneCell& cell) { return cell.status == status; });
        if (count == 0) continue;
        draw_verdict_mark(painter, {x, top + line / 2 - 5, 10, 10}, verdict_like(status), colors);
        x += 14;
        write(QStringLiteral("%1 (%2)").arg(name_of(status)).arg(count));
    }
}

void Lane::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    const Palette colors = Palette::of(palette());
    painter.fillRect(rect(), colors.paper);
    if (cells_.empty()) {
        draw_empty(painter, rect(), QStringLiteral("No checkpoints are in this case."), colors.quiet);
        return draw_focus(painter, this, colors.accent);
    }
    painter.setFont(small_font(font()));
    paint_cells(painter);
    paint_axis(painter);
    paint_legend(painter);
    paint_flag(painter);
    painter.setBrush(Qt::NoBrush);
    if (hover_) {
        painter.setPen(QPen(colors.quiet, 1));
        painter.drawRect(cell_rect(*hover_).adjusted(0.5, 0.5, -1.5, -0.5));
    }
    if (selected_) {
        painter.setPen(QPen(colors.accent, 2));
        const QRectF cell = cell_rect(*selected_);
        painter.drawRect(QRectF(cell.left(), cell.top() - 1, std::max(3.0, cell.width() - 1), cell.height() + 2));
    }
    draw_focus(painter, this, colors.accent);
}

void Lane::select(std::size_t cell_idx)
{
    selected_ = cell_idx;
    update();
    emit round_clicked(cells_[cell_idx].round);
}

void Lane::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton) return QWidget::mousePressEvent(event);
    if (const auto idx = cell_at(event->position())) select(*idx);
}

void Lane::mouseMoveEvent(QMouseEvent* event)
{
    const auto idx = cell_at(event->position());
    if (idx != hover_) {
        hover_ = idx;
        update();
    }
    QString text;
    if (idx) {
        const LaneCell& cell = cells_[*idx];
        text = QStringLiteral("After round %1: %2").arg(shown(cell.round), name_of(cell.status));
        if (cell.recommended) text += QStringLiteral(", recommended");
        if (!cell.tooltip.isEmpty()) text += QLatin1Char('\n') + cell.tooltip;
    }
    show_tooltip(this, event->pos(), text);
}

void Lane::mouseDoubleClickEvent(QMouseEvent* event)
{
    if (const auto idx = cell_at(event->position())) emit round_activated(cells_[*idx].round);
}

void Lane::leaveEvent(QEvent* event)
{
    QWidget::leaveEvent(event);
    hover_.reset();
    update();
}

void Lane::keyPressEvent(QKeyEvent* event)
{
    if (cells_.empty()) return QWidget::keyPressEvent(event);
    const std::size_t last = cells_.size() - 1;
    switch (event->key()) {
        case Qt::Key_Left:
            return select(selected_ && *selected_ > 0 ? *selected_ - 1 : 0);
        case Qt::Key_Right:
            return select(selected_ ? std::min(last, *selected_ + 1) : 0);
        case Qt::Key_Home:
            return select(0);
        case Qt::Key_End:
            return select(last);
        case Qt::Key_Return:
        case Qt::Key_Enter:
            if (selected_) emit round_activated(cells_[*selected_].round);
            return;
        default:
            QWidget::keyPressEvent(event);
    }
}

}  // namespace fedsleuth::ui
