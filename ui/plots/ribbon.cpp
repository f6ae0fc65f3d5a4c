// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/ribbon.h"

#include "ui/plots/heat_image.h"
#include "ui/plots/plot_text.h"
#include "ui/plots/scales.h"

#include <algorithm>
#include <cmath>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>

namespace fedsleuth::ui {
namespace {

constexpr double name_width = 92;

/// Least and largest finite value, a little apart.
Span span_of(const std::vector<RibbonRound>& rounds, double RibbonRound::*field)
{
    Span span{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
    for (const RibbonRound& round : rounds) {
        if (!std::isfinite(round.*field)) continue;
        span.low = std::min(span.low, round.*field);
        span.high = std::max(span.high, round.*field);
    }
    return span;
}

}  // namespace

Ribbon::Ribbon(QWidget* parent) : QWidget(parent)
{
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setAccessibleName(QStringLiteral("Rounds: quality and suspicion"));
}

void Ribbon::set_contents(RibbonContents contents)
{
    const std::optional<model::RoundNo> current =
        current_ ? std::optional(contents_.rounds[*current_].round) : std::nullopt;
    contents_ = std::move(contents);
    brush_ = {0, contents_.rounds.empty() ? 0 : contents_.rounds.size() - 1};
    current_.reset();
    hover_.reset();
    drag_.reset();
    set_current(current);
    render();
}

void Ribbon::clear()
{
    current_.reset();
    set_contents({});
}

void Ribbon::set_range(model::RoundNo first, model::RoundNo last)
{
    if (contents_.rounds.empty()) return;
    const auto from = std::lower_bound(contents_.rounds.begin(), contents_.rounds.end(), first,
                                       [](const RibbonRound& round, model::RoundNo no) { return round.round < no; });
    const auto to = std::upper_bound(contents_.rounds.begin(), contents_.rounds.end(), last,
                                     [](model::RoundNo no, const RibbonRound& round) { return no < round.round; });
    if (from >= to) return;
    brush_ = {std::size_t(from - contents_.rounds.begin()), std::size_t(to - contents_.rounds.begin()) - 1};
    update();
}

void Ribbon::set_current(std::optional<model::RoundNo> round)
{
    current_.reset();
    for (std::size_t idx = 0; round && idx < contents_.rounds.size(); ++idx)
        if (contents_.rounds[idx].round == *round) current_ = idx;
    update();
}

QSize Ribbon::sizeHint() const { return {600, 60 + fontMetrics().height() + 6}; }
QSize Ribbon::minimumSizeHint() const { return {240, sizeHint().height()}; }

RibbonGeometry Ribbon::geometry_now() const
{
    return RibbonGeometry::of(size(), contents_.rounds.size(), name_width, QFontMetricsF(small_font(font())).height());
}

void Ribbon::render()
{
    const double ratio = devicePixelRatioF();
    image_ = QImage((QSizeF(size()) * ratio).toSize(), QImage::Format_RGB32);
    update();
    if (image_.isNull()) return;
    image_.setDevicePixelRatio(ratio);
    image_.fill(palette().color(QPalette::Base));
    if (contents_.rounds.empty()) return;
    QPainter painter(&image_);
    painter.setFont(small_font(font()));
    const RibbonGeometry geometry = geometry_now();
    paint_names(painter, geometry);
    paint_quality(painter, geometry);
    paint_suspicion(painter, geometry);
}

void Ribbon::paint_names(QPainter& painter, const RibbonGeometry& geometry) const
{
    const Palette colors = Palette::of(palette());
    const double line = QFontMetricsF(painter.font()).height();
    const QRectF left(4, 0, name_width, 0);
    painter.setPen(colors.quiet);
    const QString quality = contents_.quality_name.isEmpty() ? QStringLiteral("no metric") : contents_.quality_name;
    draw_elided(painter, {left.x(), geometry.quality.top(), name_width, line}, Qt::AlignLeft, quality);
    draw_elided(painter, {left.x(), geometry.suspicion.center().y() - line / 2, name_width, line}, Qt::AlignLeft,
                QStringLiteral("suspicion"));
    draw_elided(painter, {left.x(), geometry.axis.top() + 2, name_width, line}, Qt::AlignLeft, QStringLiteral("Round"));

    std::vector<std::size_t> ticked;
    const double first = double(contents_.rounds.front().round.value()),
                 last = double(contents_.rounds.back().round.value());
    const double size = painter.fontMetrics().horizontalAdvance(QString::number(std::int64_t(last))) + 10;
    const Ticks ticks = whole_ticks(first, last, std::max(2, int(geometry.axis.width() / std::max(size, 36.0))));
    for (std::size_t idx = 0; idx < contents_.rounds.size(); ++idx)
        if (ticks.step <= 1 || contents_.rounds[idx].round.value() % std::int64_t(ticks.step) == 0)
            ticked.push_back(idx);
    double free_from = -1e9;
    for (const std::size_t idx : ticked) {
        const double middle = geometry.middle_of(idx);
        if (middle - size / 2 < free_from) continue;
        free_from = middle + size / 2;
        painter.setPen(colors.hairline);
        painter.drawLine(QPointF(middle, geometry.plot.bottom() + 1), QPointF(middle, geometry.plot.bottom() + 4));
        painter.setPen(colors.quiet);
        draw_inside(painter, {middle - size / 2, geometry.axis.top() + 2, size, line}, rect(),
                    shown(contents_.rounds[idx].round));
    }
}

void Ribbon::paint_quality(QPainter& painter, const RibbonGeometry& geometry) const
{
    const Palette colors = Palette::of(palette());
    painter.setPen(colors.hairline);
    painter.drawLine(geometry.quality.bottomLeft(), geometry.quality.bottomRight());
    const Span span = span_of(contents_.rounds, &RibbonRound::quality);
    if (span.low > span.high) return;
    const Scale scale(span.low, span.high, geometry.quality.bottom() - 3, geometry.quality.top() + 3);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(colors.ink, 1.25));
    QPainterPath path;
    bool open = false;
    for (std::size_t idx = 0; idx < contents_.rounds.size(); ++idx) {
        const double value = contents_.rounds[idx].quality;
        if (!std::isfinite(value)) {
            open = false;
            continue;
        }
        const QPointF point(geometry.middle_of(idx), scale.to_pixel(value));
        if (open)
            path.lineTo(point);
        else
            path.moveTo(point);
        const bool alone =
            !open && (idx + 1 == contents_.rounds.size() || !std::isfinite(contents_.rounds[idx + 1].quality));
        if (alone) painter.drawEllipse(point, 1, 1);
        open = true;
    }
    painter.drawPath(path);
    painter.setRenderHint(QPainter::Antialiasing, false);
    const double line = QFontMetricsF(painter.font()).height();
    painter.setPen(colors.quiet);
    const QRectF ends(4, geometry.quality.bottom() - line, name_width, line);
    const QString text = span.low == span.high ? number_text(span.low)
                                               : number_text(span.low) + QStringLiteral(" … ") + number_text(span.high);
    draw_elided(painter, ends, Qt::AlignLeft | Qt::AlignVCenter, text);
}

void Ribbon::paint_suspicion(QPainter& painter, const RibbonGeometry& geometry) const
{
    const Palette colors = Palette::of(palette());
    const QRectF lane = geometry.suspicion;
    const Span span = span_of(contents_.rounds, &RibbonRound::suspicion);
    // Evidence has a meaning of its own: the odd one of an honest crowd stays below this, and must not fill the lane.
    constexpr double speaks_loudly = 40;
    const double most = std::max(span.high, speaks_loudly);
    const double marks = 8;  // room above the bars for the marks of flagged rounds
    std::vector<double> values;
    for (const RibbonRound& round : contents_.rounds) values.push_back(round.suspicion);
    // Where there are more rounds than pixels, a pixel shows the highest of them.
    const std::size_t columns = std::min(values.size(), std::size_t(lane.width()));
    const std::vector<double> bars = pooled({values, 1, values.size()}, 1, columns);
    const double width = lane.width() / double(columns);
    for (std::size_t column = 0; column < columns; ++column) {
        const double left = lane.left() + width * double(column);
        const double gap = width >= 4 ? 1 : 0;
        if (std::isnan(bars[column])) {
            painter.fillRect(QRectF(left, lane.bottom() - 2, width - gap, 2), QColor(colors.missing()));
            continue;
        }
        const double share = std::clamp(bars[column] / most, 0.0, 1.0);
        const double height = std::max(2.0, std::round(share * (lane.height() - marks)));
        painter.fillRect(QRectF(left, lane.bottom() - height, width - gap, height),
                         QColor(colors.sequential(0.2 + 0.8 * share)));
    }
    double free_from = -1e9;
    for (std::size_t idx = 0; idx < contents_.rounds.size(); ++idx) {
        if (!contents_.rounds[idx].flagged) continue;
        const double middle = geometry.middle_of(idx);
        if (middle - 3.5 < free_from) continue;
        draw_verdict_mark(painter, {middle - 3.5, lane.top(), 7, 7}, model::VerdictClass::malicious, colors);
        free_from = middle + 1;
    }
    painter.setPen(colors.hairline);
    painter.drawLine(lane.bottomLeft(), lane.bottomRight());
}

void Ribbon::paint_brush(QPainter& painter, const RibbonGeometry& geometry) const
{
    const Palette colors = Palette::of(palette());
    const double top = geometry.plot.top() - 2, bottom = geometry.plot.bottom() + 1;
    if (!brush_.covers(contents_.rounds.size())) {
        QColor veil = colors.paper;
        veil.setAlphaF(0.72F);
        const double left = geometry.left_of(brush_.first), right = geometry.left_of(brush_.last + 1);
        painter.fillRect(QRectF(QPointF(geometry.plot.left() - 2, top), QPointF(left, bottom)), veil);
        painter.fillRect(QRectF(QPointF(right, top), QPointF(geometry.plot.right() + 2, bottom)), veil);
        for (const double x : {left, right}) {
            painter.fillRect(QRectF(std::round(x) - 0.5, top, 1, bottom - top), colors.accent);
            painter.fillRect(QRectF(std::round(x) - 1.5, (top + bottom) / 2 - 8, 3, 16), colors.accent);
        }
    }
    if (hover_) {
        QColor band = colors.ink;
        band.setAlphaF(0.07F);
        painter.fillRect(QRectF(geometry.left_of(*hover_), top, std::max(1.0, geometry.column_width()), bottom - top),
                         band);
    }
    if (!current_) return;
    const double x = std::round(geometry.middle_of(*current_)) + 0.5;
    painter.setPen(QPen(colors.accent, 1));
    painter.drawLine(QPointF(x, top), QPointF(x, geometry.suspicion.top() - 2));  // the mark below stays readable
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setBrush(colors.accent);
    painter.setPen(Qt::NoPen);
    painter.drawPolygon(QPolygonF({{x, bottom - 1}, {x - 4.5, bottom + 5}, {x + 4.5, bottom + 5}}));
    painter.setRenderHint(QPainter::Antialiasing, false);
}

void Ribbon::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    const Palette colors = Palette::of(palette());
    if (contents_.rounds.empty()) {
        painter.fillRect(rect(), colors.paper);
        draw_empty(painter, rect(),
                   QStringLiteral("The rounds of a case appear here: their accuracy and their suspicion."),
                   colors.quiet);
    } else {
        painter.drawImage(QPointF(0, 0), image_);
        paint_brush(painter, geometry_now());
    }
    draw_focus(painter, this, colors.accent);
}

void Ribbon::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    render();
}

void Ribbon::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) render();
}

}  // namespace fedsleuth::ui
