// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QRgb>
#include <array>
#include <span>
#include <vector>

namespace fedsleuth::ui {

/// A colour in OKLab (Ottosson, "A perceptual color space for image processing", 2020): equal distances look about
/// equally large, so a ramp with even steps in it looks even.
struct Lab {
    double lightness = 0;  ///< 0 black … 1 white
    double a = 0;          ///< green – red
    double b = 0;          ///< blue – yellow
};

/// From lightness, chroma and hue (degrees).
[[nodiscard]] Lab lab_of(double lightness, double chroma, double hue);
[[nodiscard]] Lab to_lab(QRgb color);
/// The nearest colour that a screen shows: chroma shrinks until the colour fits, lightness and hue stay.
[[nodiscard]] QRgb to_rgb(const Lab& color);
[[nodiscard]] double distance(const Lab& left, const Lab& right);
[[nodiscard]] Lab mix(const Lab& from, const Lab& to, double share);

/// A ramp through the control points with perceptually even steps: `steps` colours at equal arc lengths of the
/// piecewise linear path, in OKLab.
[[nodiscard]] std::vector<QRgb> even_ramp(std::span<const Lab> control, std::size_t steps);

/// WCAG 2.1 contrast ratio, 1 … 21.
[[nodiscard]] double contrast(QRgb left, QRgb right);

}  // namespace fedsleuth::ui
