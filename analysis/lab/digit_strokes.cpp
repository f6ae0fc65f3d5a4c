// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/lab/dataset.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

namespace fedsleuth::analysis::lab {

namespace {

struct Point {
    double x = 0;  ///< from left, in units of the image's side
    double y = 0;  ///< from top
};

using Stroke = std::vector<Point>;

/// Part of an ellipse as a stroke; angles in quarter turns, clockwise from the right.
Stroke arc(Point centre, double radius_x, double radius_y, double from, double to)
{
    constexpr int pieces = 10;
    Stroke stroke;
    for (int piece = 0; piece <= pieces; ++piece) {
        const double angle = (from + (to - from) * piece / pieces) * std::numbers::pi / 2;
        stroke.push_back({centre.x + radius_x * std::cos(angle), centre.y + radius_y * std::sin(angle)});
    }
    return stroke;
}

/// The ten shapes, in the unit square.
const std::array<std::vector<Stroke>, 10>& shapes()
{
    static const std::array<std::vector<Stroke>, 10> all{{
        {arc({0.5, 0.5}, 0.22, 0.33, 0, 4)},
        {{{0.38, 0.3}, {0.52, 0.17}, {0.52, 0.83}}},
        {arc({0.5, 0.34}, 0.21, 0.18, -2, 0.6), {{0.6, 0.49}, {0.28, 0.82}, {0.74, 0.82}}},
        {arc({0.47, 0.33}, 0.2, 0.16, -1.8, 1), arc({0.47, 0.66}, 0.23, 0.17, -1, 1.8)},
        {{{0.6, 0.83}, {0.6, 0.17}, {0.26, 0.6}, {0.76, 0.6}}},
        {{{0.7, 0.18}, {0.34, 0.18}, {0.32, 0.46}}, arc({0.48, 0.62}, 0.22, 0.19, -1.5, 1.7)},
        {{{0.62, 0.16}, {0.42, 0.36}, {0.3, 0.6}}, arc({0.5, 0.65}, 0.2, 0.18, 0, 4)},
        {{{0.27, 0.18}, {0.73, 0.18}, {0.44, 0.83}}},
        {arc({0.5, 0.33}, 0.17, 0.15, 0, 4), arc({0.5, 0.66}, 0.21, 0.18, 0, 4)},
        {arc({0.5, 0.35}, 0.2, 0.18, 0, 4), {{0.7, 0.37}, {0.66, 0.6}, {0.52, 0.84}}},
    }};
    return all;
}

/// How one hand writes: what differs between two images of the same digit.
struct Hand {
    double turn = 0;   ///< radians
    double slant = 0;  ///< x shift per unit of height
    double size = 1;
    double width = 1;  ///< of the digit, relative to its height
    Point shift;
    double pen = 0.05;    ///< radius of the line
    double wobble = 0.0;  ///< of every corner
    double ink = 1;
    double noise = 0.08;
};

Hand ordinary_hand(Random& random)
{
    Hand hand;
    hand.turn = 0.16 * random.normal();
    hand.slant = 0.18 * random.normal();
    hand.size = random.uniform(0.82, 1.12);
    hand.width = random.uniform(0.8, 1.2);
    hand.shift = {random.uniform(-0.09, 0.09), random.uniform(-0.09, 0.09)};
    hand.pen = random.uniform(0.035, 0.075);
    hand.wobble = 0.02;
    hand.ink = random.uniform(0.75, 1.0);
    return hand;
}

/// Lying on its side, small and thin: nobody's ordinary digit.
Hand rare_hand(Random& random)
{
    Hand hand;
    hand.turn = 1.75 + 0.1 * random.normal();
    hand.slant = 0.5 + 0.05 * random.normal();
    hand.size = random.uniform(0.72, 0.8);
    hand.width = random.uniform(1.25, 1.35);
    hand.shift = {random.uniform(-0.04, 0.04), random.uniform(-0.04, 0.04)};
    hand.pen = random.uniform(0.03, 0.04);
    hand.wobble = 0.01;
    hand.ink = random.uniform(0.9, 1.0);
    return hand;
}

double squared_distance(Point p, Point a, Point b)
{
    const double dx = b.x - a.x, dy = b.y - a.y;
    const double square = dx * dx + dy * dy;
    const double along = square > 0 ? std::clamp(((p.x - a.x) * dx + (p.y - a.y) * dy) / square, 0.0, 1.0) : 0.0;
    const double rx = p.x - a.x - along * dx, ry = p.y - a.y - along * dy;
    return rx * rx + ry * ry;
}

class DigitStrokes final : public ExampleSource {
public:
    explicit DigitStrokes(std::size_t side) : side_(side) {}

    InputShape shape() const override { return {side_, side_, side_ * side_}; }
    std::size_t classes() const override { return shapes().size(); }
    void make(std::size_t label, Random& random, std::span<float> input) override
    {
        draw(label, ordinary_hand(random), random, input);
    }
    void make_rare(std::size_t label, Random& random, std::span<float> input) override
    {
        draw(label, rare_hand(random), random, input);
    }

private:
    void draw(std::size_t label, const Hand& hand, Random& random, std::span<float> input) const
    {
        std::vector<std::pair<Point, Point>> lines;
        for (const Stroke& stroke : shapes()[label]) {
            Point before;
            for (std::size_t corner_idx = 0; corner_idx < stroke.size(); ++corner_idx) {
                const Point placed = place(stroke[corner_idx], hand, random);
                if (corner_idx > 0) lines.emplace_back(before, placed);
                before = placed;
            }
        }
        const double side = static_cast<double>(side_);
        const double edge = 0.7 / side;  // a soft edge of about a pixel: thin lines don't break up
        for (std::size_t row_idx = 0; row_idx < side_; ++row_idx)
            for (std::size_t column_idx = 0; column_idx < side_; ++column_idx) {
                const Point pixel{(static_cast<double>(column_idx) + 0.5) / side,
                                  (static_cast<double>(row_idx) + 0.5) / side};
                double nearest = std::numeric_limits<double>::infinity();
                for (const auto& [from, to] : lines) nearest = std::min(nearest, squared_distance(pixel, from, to));
                const double covered = std::clamp((hand.pen + edge - std::sqrt(nearest)) / edge, 0.0, 1.0);
                const double grey = hand.ink * covered + hand.noise * random.normal();
                input[row_idx * side_ + column_idx] = static_cast<float>(std::clamp(grey, 0.0, 1.0));
            }
    }

    static Point place(Point corner, const Hand& hand, Random& random)
    {
        const double x = (corner.x - 0.5) * hand.width + hand.wobble * random.normal();
        const double y = corner.y - 0.5 + hand.wobble * random.normal();
        const double slanted = x - hand.slant * y;
        const double cosine = std::cos(hand.turn), sine = std::sin(hand.turn);
        return {0.5 + hand.shift.x + hand.size * (cosine * slanted - sine * y),
                0.5 + hand.shift.y + hand.size * (sine * slanted + cosine * y)};
    }

    std::size_t side_;
};

}  // namespace

std::unique_ptr<ExampleSource> digit_strokes(std::size_t side) { return std::make_unique<DigitStrokes>(side); }

}  // namespace fedsleuth::analysis::lab
