// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/scatter_layout.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace fedsleuth::ui {
namespace {

double length_square(const QPointF& vector) { return QPointF::dotProduct(vector, vector); }
bool finite(const QPointF& point) { return std::isfinite(point.x()) && std::isfinite(point.y()); }

}  // namespace

PlaneScales fit_plane(std::span<const QPointF> points, const QRectF& plot, bool equal, double margin)
{
    double left = std::numeric_limits<double>::infinity(), bottom = left, right = -left, top = -left;
    for (const QPointF& point : points) {
        if (!finite(point)) continue;
        left = std::min(left, point.x());
        right = std::max(right, point.x());
        bottom = std::min(bottom, point.y());
        top = std::max(top, point.y());
    }
    if (!(left <= right)) left = bottom = -1, right = top = 1;
    const double width = std::max(1.0, plot.width() - 2 * margin), height = std::max(1.0, plot.height() - 2 * margin);
    const double largest = std::max({right - left, top - bottom, 1e-12 * std::max(std::abs(left), std::abs(bottom))});
    const double unit = largest > 0 ? largest : 1;
    double per_pixel_x = std::max(right - left, unit * 1e-3) / width;
    double per_pixel_y = std::max(top - bottom, unit * 1e-3) / height;
    if (equal) per_pixel_x = per_pixel_y = std::max(per_pixel_x, per_pixel_y);
    const double middle_x = (left + right) / 2, middle_y = (bottom + top) / 2;
    const double reach_x = per_pixel_x * plot.width() / 2, reach_y = per_pixel_y * plot.height() / 2;
    return {Scale(middle_x - reach_x, middle_x + reach_x, plot.left(), plot.right()),
            Scale(middle_y - reach_y, middle_y + reach_y, plot.bottom(), plot.top())};
}

std::vector<QPointF> crowd_points(std::span<const QPointF> points)
{
    struct Middle {
        double median = 0, reach = 0;
    };
    const auto middle_of = [&](double (QPointF::*along)() const) {
        std::vector<double> values;
        for (const QPointF& point : points)
            if (finite(point)) values.push_back((point.*along)());
        if (values.empty()) return Middle{};
        const auto half = [](std::vector<double>& of) {
            const auto at = of.begin() + std::ptrdiff_t(of.size() / 2);
            std::nth_element(of.begin(), at, of.end());
            return *at;
        };
        const double median = half(values);
        for (double& value : values) value = std::abs(value - median);
        return Middle{median, 8 * 1.4826 * half(values)};
    };
    Middle x = middle_of(&QPointF::x), y = middle_of(&QPointF::y);
    const double least = 0.01 * std::max(x.reach, y.reach);
    x.reach = std::max(x.reach, least);
    y.reach = std::max(y.reach, least);
    std::vector<QPointF> crowd;
    for (const QPointF& point : points)
        if (std::abs(point.x() - x.median) <= x.reach && std::abs(point.y() - y.median) <= y.reach)
            crowd.push_back(point);
    return crowd;
}

QPointF held_inside(const QRectF& frame, const QPointF& point)
{
    if (!finite(point) || frame.contains(point)) return point;
    const QPointF way = point - frame.center();
    const double across = std::abs(way.x()) / (frame.width() / 2), up = std::abs(way.y()) / (frame.height() / 2);
    return frame.center() + way / std::max(across, up);
}

std::vector<std::optional<QRectF>> place_labels(std::span<const LabelWish> wishes, const QRectF& bounds,
                                                std::span<const QPointF> marks)
{
    constexpr double gap = 3;
    // Right, left, above, below, then the corners: the way people look for a name.
    constexpr std::array<std::array<int, 2>, 8> places{
        {{1, 0}, {-1, 0}, {0, -1}, {0, 1}, {1, -1}, {1, 1}, {-1, -1}, {-1, 1}}};
    std::vector<QRectF> taken;
    for (const LabelWish& wish : wishes)
        taken.emplace_back(wish.at.x() - wish.reach, wish.at.y() - wish.reach, 2 * wish.reach, 2 * wish.reach);
    std::vector<std::optional<QRectF>> boxes(wishes.size());
    for (std::size_t idx = 0; idx < wishes.size(); ++idx) {
        const LabelWish& wish = wishes[idx];
        std::size_t fewest = std::numeric_limits<std::size_t>::max();
        for (const auto& [dx, dy] : places) {
            const double off_x = dx * (wish.reach + gap + wish.size.width() / 2);
            const double off_y = dy * (wish.reach + (dx == 0 ? 1 : gap) + wish.size.height() / 2);
            const QPointF middle = wish.at + QPointF(off_x, off_y);
            const QRectF box(middle.x() - wish.size.width() / 2, middle.y() - wish.size.height() / 2, wish.size.width(),
                             wish.size.height());
            if (!bounds.contains(box)) continue;
            if (std::any_of(taken.begin(), taken.end(), [&](const QRectF& other) { return other.intersects(box); }))
                continue;
            const auto covered = std::size_t(std::count_if(marks.begin(), marks.end(), [&](const QPointF& mark) {
                return box.adjusted(-3, -3, 3, 3).contains(mark);
            }));
            if (covered >= fewest) continue;
            fewest = covered;
            boxes[idx] = box;
            if (covered == 0) break;
        }
        if (boxes[idx]) taken.push_back(*boxes[idx]);
    }
    return boxes;
}

std::optional<std::size_t> nearest_point(std::span<const QPointF> pixels, const QPointF& at, double reach)
{
    std::optional<std::size_t> best;
    double least = reach * reach;
    for (std::size_t idx = 0; idx < pixels.size(); ++idx) {
        const double square = length_square(pixels[idx] - at);
        if (!(square <= least)) continue;
        least = square;
        best = idx;
    }
    return best;
}

std::optional<std::size_t> point_towards(std::span<const QPointF> pixels, std::size_t from, QPointF direction)
{
    std::optional<std::size_t> best;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t idx = 0; idx < pixels.size(); ++idx) {
        const QPointF way = pixels[idx] - pixels[from];
        const double square = length_square(way);
        const double along = QPointF::dotProduct(way, direction);
        if (idx == from || !(square > 0) || square >= least) continue;
        if (along <= 0 || along * along * 2 < square * length_square(direction) * (1 - 1e-9)) continue;  // cos² < ½
        least = square;
        best = idx;
    }
    return best;
}

}  // namespace fedsleuth::ui
