// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/scatter.h"

#include "ui/plots/plot_text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <set>

namespace fedsleuth::ui {
namespace {

constexpr std::array shown_classes{model::VerdictClass::malicious, model::VerdictClass::suspect,
                                   model::VerdictClass::watch, model::VerdictClass::clean,
                                   model::VerdictClass::unknown};

/// The shape of the verdict in the colour of the cluster.
void draw_cluster_mark(QPainter& painter, const QRectF& box, model::VerdictClass verdict, const QColor& color)
{
    const QPointF middle = box.center();
    const double reach = box.width() / 2;
    painter.setPen(QPen(color.darker(120), 1));
    painter.setBrush(color);
    if (verdict == model::VerdictClass::malicious)
        painter.drawRect(box.adjusted(1, 1, -1, -1));
    else if (verdict == model::VerdictClass::suspect)
        painter.drawPolygon(QPolygonF({middle + QPointF(0, -reach), middle + QPointF(reach, 0.8 * reach),
                                       middle + QPointF(-reach, 0.8 * reach)}));
    else if (verdict == model::VerdictClass::watch)
        painter.drawPolygon(QPolygonF({middle + QPointF(0, -reach), middle + QPointF(reach, 0),
                                       middle + QPointF(0, reach), middle + QPointF(-reach, 0)}));
    else
        painter.drawEllipse(middle, 0.8 * reach, 0.8 * reach);
}

/// A tip beyond the mark, towards where the point really lies.
void draw_arrow(QPainter& painter, const QPointF& at, const QPointF& way, double reach, const QColor& color)
{
    const double length = std::hypot(way.x(), way.y());
    if (!(length > 0)) return;
    const QPointF along = way / length, side(-along.y(), along.x());
    const QPointF foot = at + along * (reach + 1), tip = at + along * (reach + 6);
    painter.setPen(Qt::NoPen);
    painter.setBrush(color);
    painter.drawPolygon(QPolygonF({tip, foot + side * 3.5, foot - side * 3.5}));
}

}  // namespace

Scatter::Scatter(QWidget* parent) : QWidget(parent)
{
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
}

void Scatter::set_contents(ScatterContents contents)
{
    contents_ = std::move(contents);
    selected_.reset();
    hover_.reset();
    setAccessibleName(contents_.x_title + QStringLiteral(" / ") + contents_.y_title);
    lay_out();
}

void Scatter::set_selected(std::optional<std::size_t> point_idx)
{
    if (point_idx && *point_idx >= contents_.points.size()) point_idx.reset();
    if (point_idx == selected_) return;
    selected_ = point_idx;
    place_names();
    update();
}

QSize Scatter::sizeHint() const { return {420, 320}; }
QSize Scatter::minimumSizeHint() const { return {200, 160}; }

double Scatter::mark_reach() const { return contents_.points.size() > 400 ? 3.5 : 5; }

void Scatter::lay_out()
{
    const QFontMetricsF metrics(small_font(font()));
    const double line = metrics.height();
    const double left = 2 * 4 + line + metrics.horizontalAdvance(QStringLiteral("−0.0000")) + 4;
    plot_ = QRectF(left, line + 8, std::max(1.0, width() - left - 8), std::max(1.0, height() - 3 * line - 20));
    std::vector<QPointF> points;
    points.reserve(contents_.points.size());
    for (const ScatterPoint& point : contents_.points) points.push_back(point.at);
    scales_ = fit_plane(contents_.crowd_only ? crowd_points(points) : points, plot_, contents_.equal_aspect, 18);
    pixels_.resize(points.size());
    outside_.assign(points.size(), 0);
    const QRectF rim = plot_.adjusted(10, 10, -10, -10);
    for (std::size_t idx = 0; idx < points.size(); ++idx) {
        const QPointF pixel = scales_.to_pixel(points[idx]);
        pixels_[idx] = contents_.crowd_only ? held_inside(rim, pixel) : pixel;
        outside_[idx] = pixels_[idx] != pixel && plot_.contains(pixels_[idx]);
    }
    place_names();
    render();
    update();
}

void Scatter::place_names()
{
    const QFontMetricsF metrics(small_font(font()));
    std::vector<std::size_t> named;
    if (selected_) named.push_back(*selected_);
    for (std::size_t idx = 0; idx < contents_.points.size(); ++idx)
        if (contents_.points[idx].verdict == model::VerdictClass::malicious && idx != selected_) named.push_back(idx);
    std::erase_if(named, [this](std::size_t idx) { return !plot_.contains(pixels_[idx]); });
    std::vector<LabelWish> wishes;
    wishes.reserve(named.size());
    for (const std::size_t idx : named)
        wishes.push_back(
            {pixels_[idx], mark_reach() + 1,
             QSizeF(metrics.horizontalAdvance(contents_.points[idx].name.left(40)) + 2, metrics.height())});
    const auto boxes = place_labels(wishes, plot_, pixels_);
    labels_.clear();
    for (std::size_t idx = 0; idx < named.size(); ++idx)
        if (boxes[idx]) labels_.push_back({named[idx], *boxes[idx]});
    unnamed_ = named.size() - labels_.size();
}

int Scatter::outside_count() const { return int(std::count(outside_.begin(), outside_.end(), 1)); }

std::vector<QRectF> Scatter::label_boxes() const
{
    std::vector<QRectF> boxes;
    for (const Label& label : labels_) boxes.push_back(label.box);
    return boxes;
}

void Scatter::render()
{
    const double ratio = devicePixelRatioF();
    image_ = QImage((QSizeF(size()) * ratio).toSize(), QImage::Format_RGB32);
    if (image_.isNull()) return;
    image_.setDevicePixelRatio(ratio);
    const Palette colors = Palette::of(palette());
    image_.fill(colors.paper);
    if (contents_.points.empty()) return;
    QPainter painter(&image_);
    painter.setFont(small_font(font()));
    paint_axes(painter, colors);
    paint_points(painter, colors);
    paint_legend(painter, colors);
}

void Scatter::paint_axes(QPainter& painter, const Palette& colors) const
{
    const QFontMetricsF metrics(painter.font());
    const double line = metrics.height();
    const Ticks x_ticks = nice_ticks(scales_.x.low(), scales_.x.high(), std::max(2, int(plot_.width() / 72)));
    const Ticks y_ticks = nice_ticks(scales_.y.low(), scales_.y.high(), std::max(2, int(plot_.height() / 40)));
    const auto pen_of = [&](double value) {
        return QPen(value == 0 ? colors.quiet : colors.hairline, value == 0 ? 0.75 : 1);
    };
    for (const double value : x_ticks.values) {
        const double x = std::round(scales_.x.to_pixel(value)) + 0.5;
        painter.setPen(pen_of(value));
        painter.drawLine(QPointF(x, plot_.top()), QPointF(x, plot_.bottom()));
        painter.setPen(colors.quiet);
        painter.drawText(QRectF(x - 40, plot_.bottom() + 2, 80, line), Qt::AlignCenter,
                         tick_label(value, x_ticks.step));
    }
    for (const double value : y_ticks.values) {
        const double y = std::round(scales_.y.to_pixel(value)) + 0.5;
        painter.setPen(pen_of(value));
        painter.drawLine(QPointF(plot_.left(), y), QPointF(plot_.right(), y));
        painter.setPen(colors.quiet);
        painter.drawText(QRectF(0, y - line / 2, plot_.left() - 4, line), Qt::AlignRight | Qt::AlignVCenter,
                         tick_label(value, y_ticks.step));
    }
    painter.setPen(colors.quiet);
    draw_elided(painter, QRectF(plot_.left(), plot_.bottom() + 2 + line, plot_.width(), line), Qt::AlignCenter,
                contents_.x_title);
    painter.save();
    painter.translate(4, plot_.bottom());
    painter.rotate(-90);
    draw_elided(painter, QRectF(0, 0, plot_.height(), line), Qt::AlignCenter, contents_.y_title);
    painter.restore();
}

void Scatter::paint_points(QPainter& painter, const Palette& colors) const
{
    std::vector<std::size_t> order(contents_.points.size());
    std::iota(order.begin(), order.end(), 0U);
    std::stable_sort(order.begin(), order.end(), [this](std::size_t left, std::size_t right) {
        return contents_.points[left].verdict < contents_.points[right].verdict;  // the grave ones on top
    });
    painter.setRenderHint(QPainter::Antialiasing);
    const double reach = mark_reach();
    for (const std::size_t idx : order) {
        if (!plot_.contains(pixels_[idx])) continue;  // false for NaN too
        const ScatterPoint& point = contents_.points[idx];
        const QRectF box(pixels_[idx].x() - reach, pixels_[idx].y() - reach, 2 * reach, 2 * reach);
        if (outside_[idx]) draw_arrow(painter, pixels_[idx], pixels_[idx] - plot_.center(), reach, colors.ink);
        if (contents_.by_cluster)
            draw_cluster_mark(painter, box, point.verdict, colors.category(point.cluster));
        else
            draw_verdict_mark(painter, box, point.verdict, colors);
    }
    painter.setRenderHint(QPainter::Antialiasing, false);
}

void Scatter::paint_legend(QPainter& painter, const Palette& colors) const
{
    const QFontMetricsF metrics(painter.font());
    const double line = metrics.height();
    double x = plot_.left();
    bool full = false;
    const auto entry = [&](const QString& text, const auto& draw) {
        const double width = metrics.horizontalAdvance(text);
        if (full) return;
        if (x + 14 + width > this->width()) {
            full = true;
            painter.setPen(colors.quiet);
            painter.drawText(QRectF(std::min(x, this->width() - 14.0), 4, 14, line), Qt::AlignVCenter,
                             QStringLiteral("…"));
            return;
        }
        draw(QRectF(x, 4 + line / 2 - 5, 10, 10));
        painter.setPen(colors.quiet);
        painter.drawText(QRectF(x + 14, 4, width + 1, line), Qt::AlignVCenter, text);
        x += 14 + width + 12;
    };
    if (contents_.by_cluster) {
        std::map<int, int> sizes;
        for (const ScatterPoint& point : contents_.points) ++sizes[std::max(point.cluster, -1)];
        painter.setRenderHint(QPainter::Antialiasing);
        for (const auto& [cluster, count] : sizes) {
            const QString name =
                cluster < 0 ? QStringLiteral("in no cluster") : QStringLiteral("cluster %1").arg(cluster + 1);
            entry(QStringLiteral("%1 (%2)").arg(name).arg(count), [&, cluster = cluster](const QRectF& box) {
                draw_cluster_mark(painter, box, model::VerdictClass::clean, colors.category(cluster));
            });
        }
        return;
    }
    for (const model::VerdictClass verdict : shown_classes) {
        const auto count = std::count_if(contents_.points.begin(), contents_.points.end(),
                                         [&](const ScatterPoint& point) { return point.verdict == verdict; });
        if (count == 0) continue;
        const auto name = model::name_of(verdict);
        entry(QStringLiteral("%1 (%2)").arg(text_of(name)).arg(count),
              [&](const QRectF& box) { draw_verdict_mark(painter, box, verdict, colors); });
    }
}

void Scatter::paint_names(QPainter& painter, const Palette& colors) const
{
    QColor behind = colors.paper;
    behind.setAlphaF(0.75F);
    if (unnamed_ > 0) {
        const double line = painter.fontMetrics().height();
        const QString text =
            unnamed_ == 1 ? QStringLiteral("1 name had no room") : QStringLiteral("%1 names had no room").arg(unnamed_);
        const QRectF corner(plot_.left() + 4, plot_.bottom() - line - 2, plot_.width() - 8, line);
        painter.setPen(colors.quiet);
        draw_elided(painter, corner, Qt::AlignRight, text);
    }
    for (const Label& label : labels_) {
        painter.fillRect(label.box, behind);
        painter.setPen(label.point_idx == selected_ ? colors.accent : colors.ink);
        draw_elided(painter, label.box, Qt::AlignCenter, contents_.points[label.point_idx].name, Qt::ElideMiddle);
    }
}

void Scatter::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    const Palette colors = Palette::of(palette());
    if (contents_.points.empty()) {
        painter.fillRect(rect(), colors.paper);
        draw_empty(painter, rect(), contents_.empty_text, colors.quiet);
        draw_focus(painter, this, colors.accent);
        return;
    }
    painter.drawImage(QPointF(0, 0), image_);
    painter.setFont(small_font(font()));
    paint_names(painter, colors);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setBrush(Qt::NoBrush);
    const auto ring = [&](std::size_t idx, const QColor& color, double width) {
        painter.setPen(QPen(color, width));
        painter.drawEllipse(pixels_[idx], mark_reach() + 3.5, mark_reach() + 3.5);
    };
    if (hover_ && hover_ != selected_) ring(*hover_, colors.quiet, 1);
    if (selected_ && plot_.contains(pixels_[*selected_])) ring(*selected_, colors.accent, 2);
    draw_focus(painter, this, colors.accent);
}

void Scatter::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    lay_out();
}

void Scatter::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) lay_out();
}

QString Scatter::tooltip(std::size_t point_idx) const
{
    const ScatterPoint& point = contents_.points[point_idx];
    const auto name = model::name_of(point.verdict);
    QString text = QStringLiteral("%1, %2").arg(point.name, text_of(name));
    if (contents_.by_cluster)
        text += point.cluster < 0 ? QStringLiteral(", in no cluster")
                                  : QStringLiteral(", cluster %1").arg(point.cluster + 1);
    if (outside_[point_idx])
        text += QStringLiteral("\nLies outside the frame, at %1; %2")
                    .arg(number_text(point.at.x()), number_text(point.at.y()));
    return point.note.isEmpty() ? text : text + QLatin1Char('\n') + point.note;
}

void Scatter::choose(std::size_t point_idx)
{
    set_selected(point_idx);
    emit point_selected(int(point_idx));
}

void Scatter::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton) return QWidget::mousePressEvent(event);
    if (const auto idx = nearest_point(pixels_, event->position(), 12)) choose(*idx);
}

void Scatter::mouseMoveEvent(QMouseEvent* event)
{
    const auto idx = nearest_point(pixels_, event->position(), 12);
    if (idx != hover_) {
        hover_ = idx;
        update();
    }
    show_tooltip(this, event->pos(), idx ? tooltip(*idx) : QString());
}

void Scatter::mouseDoubleClickEvent(QMouseEvent* event)
{
    if (const auto idx = nearest_point(pixels_, event->position(), 12)) emit point_activated(int(*idx));
}

void Scatter::leaveEvent(QEvent* event)
{
    QWidget::leaveEvent(event);
    hover_.reset();
    update();
}

void Scatter::keyPressEvent(QKeyEvent* event)
{
    if (contents_.points.empty()) return QWidget::keyPressEvent(event);
    QPointF direction;
    switch (event->key()) {
        case Qt::Key_Left:
            direction = {-1, 0};
            break;
        case Qt::Key_Right:
            direction = {1, 0};
            break;
        case Qt::Key_Up:
            direction = {0, -1};
            break;
        case Qt::Key_Down:
            direction = {0, 1};
            break;
        case Qt::Key_Return:
        case Qt::Key_Enter:
            if (selected_) emit point_activated(int(*selected_));
            return;
        default:
            return QWidget::keyPressEvent(event);
    }
    if (!selected_) return choose(0);
    if (const auto next = point_towards(pixels_, *selected_, direction)) choose(*next);
}

}  // namespace fedsleuth::ui
