// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/plots/scales.h"

#include <QPointF>
#include <QRectF>
#include <QSizeF>
#include <optional>
#include <span>
#include <vector>

namespace fedsleuth::ui {

/// Both scales of a scatter plot over a plot rectangle.
struct PlaneScales {
    Scale x, y;

    [[nodiscard]] QPointF to_pixel(const QPointF& value) const
    {
        return {x.to_pixel(value.x()), y.to_pixel(value.y())};
    }
};

/// Scales that hold all finite points with a margin of some pixels around them. With `equal`, one unit is as long on x
/// as on y, and the shorter side gets more range.
[[nodiscard]] PlaneScales fit_plane(std::span<const QPointF> points, const QRectF& plot, bool equal, double margin);

/// The points without those that lie far out of the crowd: within 8 normalised MADs of the median on both axes (a
/// hundredth of the larger axis' spread at least, so that a crowd of copies is one as well).
[[nodiscard]] std::vector<QPointF> crowd_points(std::span<const QPointF> points);
/// The point itself inside the frame; else where the way from the frame's middle to it crosses the frame.
[[nodiscard]] QPointF held_inside(const QRectF& frame, const QPointF& point);

/// A label to be written beside a mark.
struct LabelWish {
    QPointF at;      ///< middle of the mark
    double reach = 0;  ///< its radius
    QSizeF size;
};

/// Boxes for labels, the first wishes first, at one of eight places around their marks: inside `bounds`, off each
/// other, off the wishing marks, and off the other `marks` as well where there is such a place. Nothing where there is
/// no room.
[[nodiscard]] std::vector<std::optional<QRectF>> place_labels(std::span<const LabelWish> wishes, const QRectF& bounds,
                                                              std::span<const QPointF> marks);

/// The nearest point within reach, later ones (drawn on top) first among equals.
[[nodiscard]] std::optional<std::size_t> nearest_point(std::span<const QPointF> pixels, const QPointF& at,
                                                       double reach);

/// The point that an arrow key leads to: the nearest one within 45° of the direction (dx, dy), seen from `from`.
[[nodiscard]] std::optional<std::size_t> point_towards(std::span<const QPointF> pixels, std::size_t from,
                                                       QPointF direction);

}  // namespace fedsleuth::ui
