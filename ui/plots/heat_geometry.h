// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <QRectF>
#include <span>
#include <vector>

namespace fedsleuth::ui {

struct HeatCell {
    std::size_t row = 0, col = 0;
    bool operator==(const HeatCell&) const = default;
};

/// What the parts of a heat map need, in pixels.
struct HeatSpace {
    QSizeF widget;
    std::size_t rows = 0, cols = 0;
    double names_width = 0;  ///< of the longest row name
    double line_height = 0;
    bool column_labels = true;
    bool square = false;           ///< cells as wide as high: distances of a set to itself
    std::vector<double> legend{};  ///< widths of the legend's parts: what doesn't fit beside the last stands below it
};

/// Where the parts of a heat map lie.
struct HeatGeometry {
    std::size_t rows = 0, cols = 0;
    QRectF plot;                       ///< the cells
    QRectF names;                      ///< left of it
    QRectF column_axis;                ///< tick labels below it
    QRectF title;                      ///< the columns' title below that
    QRectF legend;                     ///< at the bottom, all of its lines
    std::vector<QRectF> legend_parts;  ///< one box for each part of the legend

    static constexpr double largest_row = 30, largest_col = 72;  ///< pixels: few cells do not become a wall

    [[nodiscard]] static HeatGeometry of(const HeatSpace& space);
    [[nodiscard]] std::optional<HeatCell> cell_at(const QPointF& position) const;
    [[nodiscard]] QRectF row_rect(std::size_t row) const;
    [[nodiscard]] QRectF col_rect(std::size_t col) const;
};

/// Which of `count` labels side by side can be written without touching each other, when each needs `size` pixels and
/// all have `pixels`: every k-th, but the pinned ones before all others, in their order. Ascending.
[[nodiscard]] std::vector<std::size_t> readable_labels(std::size_t count, double pixels, double size,
                                                       std::span<const std::size_t> pinned = {});

}  // namespace fedsleuth::ui
