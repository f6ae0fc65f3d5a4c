// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/plots/palette.h"

#include <QImage>
#include <QSize>
#include <QString>
#include <span>
#include <vector>

namespace fedsleuth::ui {

/// rows × cols numbers, row-major. NaN: there is no value.
struct MatrixView {
    std::span<const double> values;
    std::size_t rows = 0, cols = 0;

    [[nodiscard]] double at(std::size_t row, std::size_t col) const { return values[row * cols + col]; }
    [[nodiscard]] bool empty() const { return rows == 0 || cols == 0; }
};

/// How numbers become colours, and what the legend says of it.
struct HeatScale {
    enum class Kind {
        sequential,  ///< low … high, dark to light
        diverging,   ///< around a true zero: −reach … reach, where reach is the larger of |low| and |high|
    };
    Kind kind = Kind::sequential;
    double low = 0, high = 1;
    bool beyond_low = false, beyond_high = false;  ///< there are values beyond the ends: "≤ low", "≥ high"
    QString name;          ///< "cosine similarity"
    QString unit;          ///< "" where the name says it all
    QString zero_meaning;  ///< "the crowd's median": what zero (or the low end) means

    [[nodiscard]] QRgb color(double value, const Palette& palette) const;
    [[nodiscard]] double low_end() const;   ///< of the legend
    [[nodiscard]] double high_end() const;
};

/// A scale that spans the values. Where a few lie so far out that all others would share one colour, it ends at the
/// given share of the largest magnitudes (0.99: the hundredth that lies beyond has the end's colour), and says so.
[[nodiscard]] HeatScale fitted_scale(std::span<const double> values, HeatScale::Kind kind, double keep = 1.0);

/// The matrix at height × width. Where a pixel has several cells under it, it takes the value of the largest magnitude
/// (with its sign); NaN only where all are. Where a cell is larger than a pixel, it covers whole pixels.
/// Never an interpolation: one hot cell among millions stays visible.
[[nodiscard]] std::vector<double> pooled(const MatrixView& matrix, std::size_t height, std::size_t width);

/// `pooled` in colours; opaque, in device pixels. A null image for an empty matrix or size.
[[nodiscard]] QImage heat_image(const MatrixView& matrix, QSize size, const HeatScale& scale, const Palette& palette);

}  // namespace fedsleuth::ui
