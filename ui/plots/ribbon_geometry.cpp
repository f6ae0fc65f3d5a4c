// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/ribbon_geometry.h"

#include <algorithm>
#include <cmath>
#include <QSizeF>

namespace fedsleuth::ui {

RibbonGeometry RibbonGeometry::of(const QSizeF& size, std::size_t count, double name_width, double line_height)
{
    constexpr double gap = 4;
    RibbonGeometry geometry;
    geometry.count = count;
    const double left = name_width + 3 * gap;
    const double width = std::max(1.0, std::floor(size.width() - left - 2 * gap));
    const double axis_top = std::floor(size.height() - line_height - 2);
    const double lanes = std::max(2.0, axis_top - 2 * gap);
    const double quality_height = std::floor(lanes * 0.55);
    geometry.quality = QRectF(left, gap, width, quality_height);
    geometry.suspicion = QRectF(left, gap + quality_height + gap, width, std::max(1.0, lanes - quality_height - gap));
    geometry.plot = QRectF(left, gap, width, geometry.suspicion.bottom() - gap);
    geometry.axis = QRectF(left, axis_top, width, line_height + 2);
    return geometry;
}

double RibbonGeometry::column_width() const { return count == 0 ? 0 : plot.width() / double(count); }
double RibbonGeometry::left_of(std::size_t round_idx) const { return plot.left() + column_width() * double(round_idx); }
double RibbonGeometry::middle_of(std::size_t round_idx) const { return left_of(round_idx) + column_width() / 2; }

std::size_t RibbonGeometry::round_at(double x) const
{
    const double column = std::floor((x - plot.left()) / column_width());
    return std::size_t(std::clamp(column, 0.0, double(count - 1)));
}

int brush_end_at(const RibbonGeometry& geometry, const Brush& brush, double x)
{
    if (geometry.count == 0 || brush.covers(geometry.count)) return 0;
    const double to_left = std::abs(x - geometry.left_of(brush.first));
    const double to_right = std::abs(x - geometry.left_of(brush.last + 1));
    if (std::min(to_left, to_right) > BrushDrag::reach) return 0;
    if (to_left == to_right) return x < (geometry.left_of(brush.first) + geometry.left_of(brush.last + 1)) / 2 ? -1 : 1;
    return to_left < to_right ? -1 : 1;
}

BrushDrag BrushDrag::start(const RibbonGeometry& geometry, const Brush& brush, double x)
{
    BrushDrag drag;
    drag.before = brush;
    drag.pressed_x = x;
    const int end = brush_end_at(geometry, brush, x);
    drag.kind = end < 0 ? Kind::left_end : end > 0 ? Kind::right_end : Kind::make;
    return drag;
}

Brush BrushDrag::at(const RibbonGeometry& geometry, double x)
{
    if (std::abs(x - pressed_x) >= threshold) moved = true;
    if (!moved || geometry.count == 0) return before;
    const std::size_t here = geometry.round_at(x);
    std::size_t other = here;
    switch (kind) {
        case Kind::make:
            other = geometry.round_at(pressed_x);
            break;
        case Kind::left_end:
            other = before.last;
            break;
        case Kind::right_end:
            other = before.first;
            break;
    }
    return {std::min(here, other), std::max(here, other)};
}

}  // namespace fedsleuth::ui
