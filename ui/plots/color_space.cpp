// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/color_space.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace fedsleuth::ui {
namespace {

/// sRGB transfer functions (IEC 61966-2-1).
double to_linear(double encoded)
{
    return encoded <= 0.04045 ? encoded / 12.92 : std::pow((encoded + 0.055) / 1.055, 2.4);
}
double to_encoded(double linear)
{
    return linear <= 0.0031308 ? 12.92 * linear : 1.055 * std::pow(linear, 1 / 2.4) - 0.055;
}

/// The two matrices of OKLab's definition and their inverses.
std::array<double, 3> linear_rgb(const Lab& color)
{
    const auto cube = [](double root) { return root * root * root; };
    const double l = cube(color.lightness + 0.3963377774 * color.a + 0.2158037573 * color.b);
    const double m = cube(color.lightness - 0.1055613458 * color.a - 0.0638541728 * color.b);
    const double s = cube(color.lightness - 0.0894841775 * color.a - 1.2914855480 * color.b);
    return {4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
            -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
            -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s};
}

bool fits(const std::array<double, 3>& rgb)
{
    constexpr double slack = 1e-4;
    return std::all_of(rgb.begin(), rgb.end(), [](double part) { return part >= -slack && part <= 1 + slack; });
}

}  // namespace

Lab lab_of(double lightness, double chroma, double hue)
{
    const double angle = hue * std::numbers::pi / 180;
    return {lightness, chroma * std::cos(angle), chroma * std::sin(angle)};
}

Lab to_lab(QRgb color)
{
    const double red = to_linear(qRed(color) / 255.0);
    const double green = to_linear(qGreen(color) / 255.0);
    const double blue = to_linear(qBlue(color) / 255.0);
    const double l = std::cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue);
    const double m = std::cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue);
    const double s = std::cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue);
    return {0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
            1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
            0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s};
}

QRgb to_rgb(const Lab& color)
{
    Lab inside = color;
    inside.lightness = std::clamp(inside.lightness, 0.0, 1.0);
    if (!fits(linear_rgb(inside))) {
        double low = 0, high = 1;  // share of the chroma that is kept
        for (int step = 0; step < 20; ++step) {
            const double middle = (low + high) / 2;
            (fits(linear_rgb({inside.lightness, color.a * middle, color.b * middle})) ? low : high) = middle;
        }
        inside.a = color.a * low;
        inside.b = color.b * low;
    }
    const auto rgb = linear_rgb(inside);
    const auto byte = [](double part) { return int(std::lround(255 * to_encoded(std::clamp(part, 0.0, 1.0)))); };
    return qRgb(byte(rgb[0]), byte(rgb[1]), byte(rgb[2]));
}

double distance(const Lab& left, const Lab& right)
{
    return std::hypot(left.lightness - right.lightness, left.a - right.a, left.b - right.b);
}

Lab mix(const Lab& from, const Lab& to, double share)
{
    return {std::lerp(from.lightness, to.lightness, share), std::lerp(from.a, to.a, share),
            std::lerp(from.b, to.b, share)};
}

std::vector<QRgb> even_ramp(std::span<const Lab> control, std::size_t steps)
{
    std::vector<double> along(control.size(), 0.0);
    for (std::size_t idx = 1; idx < control.size(); ++idx)
        along[idx] = along[idx - 1] + distance(control[idx - 1], control[idx]);
    std::vector<QRgb> ramp(steps);
    for (std::size_t step = 0; step < steps; ++step) {
        const double at = steps < 2 ? 0 : along.back() * double(step) / double(steps - 1);
        const auto after = std::upper_bound(along.begin() + 1, along.end() - 1, at) - along.begin();
        const double length = along[after] - along[after - 1];
        const double share = length > 0 ? (at - along[after - 1]) / length : 0;
        ramp[step] = to_rgb(mix(control[after - 1], control[after], share));
    }
    return ramp;
}

double contrast(QRgb left, QRgb right)
{
    const auto luminance = [](QRgb color) {
        return 0.2126 * to_linear(qRed(color) / 255.0) + 0.7152 * to_linear(qGreen(color) / 255.0) +
               0.0722 * to_linear(qBlue(color) / 255.0);
    };
    const double one = luminance(left), other = luminance(right);
    return (std::max(one, other) + 0.05) / (std::min(one, other) + 0.05);
}

}  // namespace fedsleuth::ui
