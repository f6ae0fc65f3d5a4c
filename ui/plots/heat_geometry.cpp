// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/heat_geometry.h"

#include "ui/plots/scales.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace fedsleuth::ui {

namespace {

/// The parts side by side from the left, and below each other where the width ends; the first line's top is 0.
std::vector<QRectF> flow(const std::vector<double>& widths, double width, double line)
{
    constexpr double space = 10;
    std::vector<QRectF> boxes;
    double x = 0, y = 0;
    for (const double wanted : widths) {
        if (x > 0 && x + wanted > width) {
            x = 0;
            y += line;
        }
        boxes.emplace_back(x, y, std::min(wanted, width), line);
        x += wanted + space;
    }
    return boxes;
}

}  // namespace

HeatGeometry HeatGeometry::of(const HeatSpace& space)
{
    constexpr double gap = 4;
    HeatGeometry geometry;
    geometry.rows = space.rows;
    geometry.cols = space.cols;
    const double line = space.line_height;
    const double names_width = std::min(std::ceil(space.names_width), std::floor(space.widget.width() * 0.3));
    const double left = names_width + 2 * gap;
    const double wide = space.widget.width() - gap;
    geometry.legend_parts = flow(space.legend, wide - gap, line);
    const double legend_height = geometry.legend_parts.empty() ? line : geometry.legend_parts.back().bottom();
    const double below = (space.column_labels ? line + gap : 0) + line + gap + legend_height + 2 * gap;
    double width = std::max(1.0, space.widget.width() - left - gap);
    double height = std::max(1.0, space.widget.height() - below - gap);
    width = std::min(width, double(space.cols) * largest_col);
    height = std::min(height, double(space.rows) * largest_row);
    if (space.square) width = height = std::min(width, height);
    // The first of many thin rows needs half a line above it for its name.
    const double top_gap = height < double(space.rows) * line ? std::max(gap, std::ceil(line / 2)) : gap;
    height = std::max(1.0, std::min(height, space.widget.height() - below - top_gap));
    geometry.plot = QRectF(left, top_gap, std::floor(width), std::floor(height));
    geometry.names = QRectF(gap, top_gap, names_width, geometry.plot.height());
    double top = geometry.plot.bottom() + gap;
    if (space.column_labels) {
        geometry.column_axis = QRectF(left, top, geometry.plot.width(), line);
        top += line;
    }
    geometry.title = QRectF(left, top, std::max(geometry.plot.width(), wide - left), line);
    geometry.legend = QRectF(gap, geometry.title.bottom() + gap, wide - gap, legend_height);
    for (QRectF& part : geometry.legend_parts) part.translate(geometry.legend.topLeft());
    return geometry;
}

std::optional<HeatCell> HeatGeometry::cell_at(const QPointF& position) const
{
    if (rows == 0 || cols == 0) return std::nullopt;
    const bool on_names = names.contains(position);
    if (!plot.contains(position) && !on_names) return std::nullopt;
    const auto index = [](double share, std::size_t count) {
        return std::size_t(std::clamp(std::floor(share * double(count)), 0.0, double(count - 1)));
    };
    const double along = on_names ? 0 : (position.x() - plot.left()) / plot.width();
    return HeatCell{index((position.y() - plot.top()) / plot.height(), rows), index(along, cols)};
}

QRectF HeatGeometry::row_rect(std::size_t row) const
{
    const double top = std::ceil(plot.height() * double(row) / double(rows));
    const double bottom = std::max(top + 1, std::ceil(plot.height() * double(row + 1) / double(rows)));
    return {plot.left(), plot.top() + top, plot.width(), bottom - top};
}

QRectF HeatGeometry::col_rect(std::size_t col) const
{
    const double left = std::ceil(plot.width() * double(col) / double(cols));
    const double right = std::max(left + 1, std::ceil(plot.width() * double(col + 1) / double(cols)));
    return {plot.left() + left, plot.top(), right - left, plot.height()};
}

std::vector<std::size_t> readable_labels(std::size_t count, double pixels, double size,
                                         std::span<const std::size_t> pinned)
{
    if (count == 0 || pixels <= 0) return {};
    const double each = pixels / double(count);
    std::set<std::size_t> chosen;
    const auto fits = [&](std::size_t label) {
        constexpr double slack = 1e-9;
        const auto after = chosen.lower_bound(label);
        if (after != chosen.end() && double(*after - label) * each < size - slack) return false;
        return after == chosen.begin() || double(label - *std::prev(after)) * each >= size - slack;
    };
    for (const std::size_t label : pinned)
        if (label < count && fits(label)) chosen.insert(label);
    const auto stride = std::size_t(label_stride(int(count), pixels, size));
    for (std::size_t label = 0; label < count; label += stride)
        if (fits(label)) chosen.insert(label);
    return {chosen.begin(), chosen.end()};
}

}  // namespace fedsleuth::ui
