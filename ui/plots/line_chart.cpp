// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/line_chart.h"

#include "ui/plots/palette.h"
#include "ui/plots/plot_text.h"
#include "ui/plots/scales.h"

#include <algorithm>
#include <cmath>
#include <QAreaSeries>
#include <QCategoryAxis>
#include <QChart>
#include <QGraphicsLayout>
#include <QGraphicsPathItem>
#include <QLineSeries>
#include <QPainterPath>
#include <QScatterSeries>

namespace fedsleuth::ui {
namespace {

constexpr std::size_t most_markers = 2000;

QString axis_title(const ChartAxis& axis)
{
    return axis.unit.isEmpty() ? axis.name : QStringLiteral("%1 (%2)").arg(axis.name, axis.unit);
}

}  // namespace

LineChart::LineChart(QWidget* parent) : QChartView(parent)
{
    setRenderHint(QPainter::Antialiasing);
    setMouseTracking(true);
    setFrameShape(QFrame::NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    chart()->setAnimationOptions(QChart::NoAnimation);
    chart()->setBackgroundRoundness(0);
    chart()->setMargins(QMargins(4, 4, 8, 4));
    chart()->layout()->setContentsMargins(0, 0, 0, 0);
    chart()->legend()->hide();  // ours lies over the chart: it shows dashes and bands as they are drawn
    for (auto [axis, side] : {std::pair{&x_axis_, Qt::AlignBottom}, std::pair{&y_axis_, Qt::AlignLeft}}) {
        *axis = new QCategoryAxis(chart());
        (*axis)->setLabelsPosition(QCategoryAxis::AxisLabelsPositionOnValue);
        (*axis)->setShadesVisible(false);
        chart()->addAxis(*axis, side);
    }
    crowd_ = new QGraphicsPathItem(chart());
    connect(chart(), &QChart::plotAreaChanged, this, [this] { place_crowd(); });
    rebuild();
}

LineChart::~LineChart() = default;

void LineChart::set_contents(ChartContents contents)
{
    contents_ = std::move(contents);
    hover_ = {};
    setAccessibleName(QStringLiteral("%1 over %2").arg(contents_.y.name, contents_.x.name));
    rebuild();
}

void LineChart::set_caret(std::optional<double> x)
{
    if (contents_.caret_x == x) return;
    contents_.caret_x = x;
    viewport()->update();
}

void LineChart::rebuild()
{
    const Palette colors = Palette::of(palette());
    chart()->removeAllSeries();
    chart()->setBackgroundBrush(colors.paper);
    chart()->setBackgroundPen(Qt::NoPen);
    setBackgroundBrush(colors.paper);
    crowd_->setPath({});
    const int x_ticks = std::clamp(width() / 72, 2, 16), y_ticks = std::clamp(height() / 40, 2, 10);
    limits_ = chart_limits(contents_, x_ticks, y_ticks);
    empty_ = limits_.isNull();
    x_axis_->setVisible(!empty_);
    y_axis_->setVisible(!empty_);
    const double line = QFontMetricsF(small_font(font())).height();
    chart()->setMargins(QMargins(4, has_legend() ? int(line) + 8 : int(line / 2) + 2, 8, 4));
    if (empty_) return viewport()->update();
    label_axis(*x_axis_, contents_.x, limits_.left(), limits_.right(), x_ticks);
    label_axis(*y_axis_, contents_.y, limits_.top(), limits_.bottom(), y_ticks);
    for (const ChartBand& band : contents_.bands) add_band(band);
    for (const ChartLine& line_of : contents_.lines)
        if (!line_of.quiet) add_line(line_of);
    place_crowd();
    viewport()->update();
}

bool LineChart::has_legend() const
{
    const auto named = std::count_if(contents_.lines.begin(), contents_.lines.end(), [](const ChartLine& line) {
        return line.legend && !line.quiet && !line.name.isEmpty();
    });
    return contents_.legend && named + std::ssize(contents_.bands) > 1;
}

void LineChart::label_axis(QCategoryAxis& axis, const ChartAxis& said, double low, double high, int most) const
{
    // Labels of our own: the digits that the step deserves, at round numbers wherever the range begins.
    const Palette colors = Palette::of(palette());
    for (const QString& label : axis.categoriesLabels()) axis.remove(label);
    const auto place = [&](double value) { return said.log ? std::log10(value) : value; };
    axis.setRange(place(low), place(high));
    axis.setStartValue(place(low));
    // The range ends on ticks, which makes up to two more of them.
    const Ticks ticks = said.log     ? log_ticks(low, high, most)
                        : said.whole ? whole_ticks(low, high, most)
                                     : nice_ticks(low, high, most + 2);
    for (const double value : ticks.values) axis.append(tick_label(value, ticks.step), place(value));
    axis.setTitleText(said.titled ? axis_title(said).toHtmlEscaped() : QString());
    axis.setTitleFont(small_font(font()));
    axis.setTitleBrush(colors.quiet);
    axis.setLabelsFont(small_font(font()));
    axis.setTruncateLabels(false);  // in a low chart Qt makes dots of numbers that have room enough
    axis.setLabelsColor(colors.quiet);
    axis.setGridLinePen(QPen(colors.hairline, 1));
    axis.setLinePen(QPen(colors.hairline, 1));
}

QPointF LineChart::plotted(const QPointF& value) const
{
    return {contents_.x.log ? std::log10(value.x()) : value.x(), contents_.y.log ? std::log10(value.y()) : value.y()};
}

void LineChart::attach(QAbstractSeries* series)
{
    series->attachAxis(x_axis_);
    series->attachAxis(y_axis_);
}

bool LineChart::visible(const QPointF& value) const
{
    return std::isfinite(value.x()) && std::isfinite(value.y()) && !(contents_.x.log && value.x() <= 0) &&
           !(contents_.y.log && value.y() <= 0);
}

void LineChart::add_band(const ChartBand& band)
{
    auto* const upper = new QLineSeries;
    auto* const lower = new QLineSeries;
    for (std::size_t idx = 0; idx < band.x.size(); ++idx) {
        const QPointF low(band.x[idx], band.lower[idx]), high(band.x[idx], band.upper[idx]);
        if (!visible(low) || !visible(high)) continue;
        lower->append(plotted(low));
        upper->append(plotted(high));
    }
    auto* const area = new QAreaSeries(upper, lower);
    upper->setParent(area);
    lower->setParent(area);
    QColor fill = band.color;
    fill.setAlphaF(band_alpha);
    area->setBrush(fill);
    area->setPen(Qt::NoPen);
    chart()->addSeries(area);
    attach(area);
}

void LineChart::add_line(const ChartLine& line)
{
    const QPen pen(line.color, line.width, line.style, Qt::RoundCap, Qt::RoundJoin);
    const auto add = [&](QXYSeries* series, const QList<QPointF>& points) {
        series->replace(points);
        chart()->addSeries(series);
        attach(series);
    };
    QList<QPointF> run;
    QList<QPointF> dots;
    const auto end_run = [&] {
        if (run.size() == 1) dots << run.front();  // a single point has no line
        if (run.size() > 1) {
            auto* const series = new QLineSeries;
            series->setPen(pen);
            add(series, run);
        }
        run.clear();
    };
    for (const QPointF& point : line.points) {
        if (visible(point))
            run << plotted(point);
        else
            end_run();
    }
    end_run();
    if (line.markers && line.points.size() <= most_markers) {
        dots.clear();
        for (const QPointF& point : line.points)
            if (visible(point)) dots << plotted(point);
    }
    if (dots.isEmpty()) return;
    auto* const marks = new QScatterSeries;
    marks->setMarkerSize(line.width + 3);
    marks->setColor(line.color);
    marks->setBorderColor(Qt::transparent);
    add(marks, dots);
}

QPointF LineChart::to_view(const QPointF& value) const
{
    const QRectF plot = chart()->plotArea();
    const auto kind = [](bool log) { return log ? Scale::Kind::log : Scale::Kind::linear; };
    const Scale x(limits_.left(), limits_.right(), plot.left(), plot.right(), kind(contents_.x.log));
    const Scale y(limits_.top(), limits_.bottom(), plot.bottom(), plot.top(), kind(contents_.y.log));
    return {x.to_pixel(value.x()), y.to_pixel(value.y())};
}

double LineChart::to_x(const QPointF& view) const
{
    const QRectF plot = chart()->plotArea();
    const Scale x(limits_.left(), limits_.right(), plot.left(), plot.right(),
                  contents_.x.log ? Scale::Kind::log : Scale::Kind::linear);
    return x.to_value(view.x());
}

void LineChart::place_crowd()
{
    if (empty_) return;
    QPainterPath path;
    QColor color;
    for (const ChartLine& line : contents_.lines) {
        if (!line.quiet) continue;
        color = line.color;
        bool open = false;
        for (const QPointF& point : line.points) {
            const bool draw = visible(point);
            if (draw && open) path.lineTo(to_view(point));
            if (draw && !open) path.moveTo(to_view(point));
            open = draw;
        }
    }
    crowd_->setPath(path);
    crowd_->setPen(QPen(color, 1));
    crowd_->setZValue(1);  // above the grid, below the series
}

}  // namespace fedsleuth::ui
