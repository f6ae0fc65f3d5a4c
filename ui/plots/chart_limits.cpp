// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/line_chart.h"
#include "ui/plots/scales.h"

#include <algorithm>
#include <cmath>

namespace fedsleuth::ui {
namespace {

struct Extent {
    double low = std::numeric_limits<double>::infinity(), high = -std::numeric_limits<double>::infinity();

    void add(double value, bool log)
    {
        if (!std::isfinite(value) || (log && value <= 0)) return;
        low = std::min(low, value);
        high = std::max(high, value);
    }
    [[nodiscard]] bool empty() const { return low > high; }
};

Span rounded(Extent extent, const ChartAxis& axis, int ticks)
{
    Span span;
    if (axis.log) {
        span = {std::pow(10, std::floor(std::log10(extent.low) + 1e-9)),
                std::pow(10, std::ceil(std::log10(extent.high) - 1e-9))};
        if (span.low >= span.high) span.high = span.low * 10;
    } else if (axis.whole) {
        span = {extent.low, extent.high};  // rounds begin and end where they begin and end
        if (span.low == span.high) span = {span.low - 1, span.high + 1};
    } else {
        span = nice_span(extent.low, extent.high, ticks);
    }
    if (axis.low) span.low = *axis.low;
    if (axis.high) span.high = *axis.high;
    if (!(span.low < span.high)) span.high = axis.log ? span.low * 10 : span.low + 1;
    return span;
}

}  // namespace

QRectF chart_limits(const ChartContents& contents, int x_ticks, int y_ticks)
{
    Extent x, y;
    const bool log_x = contents.x.log, log_y = contents.y.log;
    const auto drawn = [&](double at, double value) {
        return std::isfinite(at) && std::isfinite(value) && !(log_x && at <= 0) && !(log_y && value <= 0);
    };
    const auto add = [&](double at, double value) {
        if (!drawn(at, value)) return;
        x.add(at, log_x);
        y.add(value, log_y);
    };
    for (const ChartLine& line : contents.lines)
        for (const QPointF& point : line.points) add(point.x(), point.y());
    for (const ChartBand& band : contents.bands)
        for (std::size_t idx = 0; idx < band.x.size(); ++idx) {
            add(band.x[idx], band.lower[idx]);
            add(band.x[idx], band.upper[idx]);
        }
    for (const ChartMark& mark : contents.marks) add(mark.at.x(), mark.at.y());
    if (x.empty() || y.empty()) return {};
    for (const ChartLevel& level : contents.levels) y.add(level.y, log_y);
    const Span across = rounded(x, contents.x, x_ticks), up = rounded(y, contents.y, y_ticks);
    return QRectF(QPointF(across.low, up.low), QPointF(across.high, up.high));
}

}  // namespace fedsleuth::ui
