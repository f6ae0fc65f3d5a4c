// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QRectF>
#include <cstddef>

namespace fedsleuth::ui {

/// Where the ribbon's parts lie: n rounds side by side, each a column of the same width.
struct RibbonGeometry {
    std::size_t count = 0;
    QRectF plot;     ///< both lanes
    QRectF quality;  ///< upper lane
    QRectF suspicion;
    QRectF axis;     ///< round numbers

    [[nodiscard]] static RibbonGeometry of(const QSizeF& size, std::size_t count, double name_width,
                                           double line_height);
    [[nodiscard]] double left_of(std::size_t round_idx) const;
    [[nodiscard]] double middle_of(std::size_t round_idx) const;
    [[nodiscard]] double column_width() const;
    [[nodiscard]] std::size_t round_at(double x) const;  ///< clipped to the rounds; count must not be 0
};

/// The chosen rounds by index, both ends included.
struct Brush {
    std::size_t first = 0, last = 0;

    [[nodiscard]] bool covers(std::size_t count) const { return first == 0 && last + 1 >= count; }
    bool operator==(const Brush&) const = default;
};

/// One drag of the mouse over the ribbon: makes a new range, moves one of its ends, or (when the mouse hardly moved)
/// was a click.
struct BrushDrag {
    enum class Kind { make, left_end, right_end };
    Kind kind = Kind::make;
    Brush before;
    double pressed_x = 0;
    bool moved = false;

    static constexpr double reach = 4;      ///< pixels from an end that still take hold of it
    static constexpr double threshold = 3;  ///< pixels that make a click a drag

    [[nodiscard]] static BrushDrag start(const RibbonGeometry& geometry, const Brush& brush, double x);
    /// The brush while the mouse is at x. Ends that pass each other swap.
    [[nodiscard]] Brush at(const RibbonGeometry& geometry, double x);
};

/// Which end of the brush lies under x: −1 left, 1 right, 0 neither. A brush over all rounds has no ends to take hold
/// of.
[[nodiscard]] int brush_end_at(const RibbonGeometry& geometry, const Brush& brush, double x);

}  // namespace fedsleuth::ui
