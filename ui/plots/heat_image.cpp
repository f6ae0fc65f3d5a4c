// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/heat_image.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace fedsleuth::ui {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// Of two numbers the one of larger magnitude, of −x and x the latter; a missing one never wins.
double heavier(double left, double right)
{
    if (std::isnan(left)) return right;
    const double magnitude = std::abs(right), other = std::abs(left);
    return magnitude > other || (magnitude == other && right > left) ? right : left;  // false for a missing right
}

/// Cells that pixel `pixel` of `pixels` shows: every cell lies under one pixel at least, and under exactly one where
/// there are more cells than pixels.
struct CellRange {
    std::size_t first, last;  ///< last is not in it
};
CellRange cells_under(std::size_t pixel, std::size_t pixels, std::size_t cells)
{
    const std::size_t first = pixel * cells / pixels;
    return {first, std::max(first + 1, (pixel + 1) * cells / pixels)};
}

}  // namespace

QRgb HeatScale::color(double value, const Palette& palette) const
{
    if (std::isnan(value)) return palette.missing();
    if (kind == Kind::diverging) {
        const double reach = high_end();
        return palette.diverging(reach > 0 ? value / reach : 0);
    }
    return palette.sequential(high > low ? (value - low) / (high - low) : 0);
}

double HeatScale::high_end() const { return kind == Kind::diverging ? std::max(std::abs(low), std::abs(high)) : high; }
double HeatScale::low_end() const { return kind == Kind::diverging ? -high_end() : low; }

HeatScale fitted_scale(std::span<const double> values, HeatScale::Kind kind, double keep)
{
    HeatScale scale;
    scale.kind = kind;
    std::vector<double> finite;
    finite.reserve(values.size());
    std::copy_if(values.begin(), values.end(), std::back_inserter(finite),
                 [](double value) { return std::isfinite(value); });
    if (finite.empty()) return scale;
    const auto quantile = [&](double share) {
        const auto at = finite.begin() + std::ptrdiff_t(std::llround(share * double(finite.size() - 1)));
        std::nth_element(finite.begin(), at, finite.end());
        return *at;
    };
    const auto [least, most] = std::minmax_element(finite.begin(), finite.end());
    const double lowest = *least, highest = *most;
    if (kind == HeatScale::Kind::diverging) {
        for (double& value : finite) value = std::abs(value);
        const double reach = std::max(std::abs(lowest), std::abs(highest));
        double end = keep < 1 ? quantile(keep) : reach;
        if (!(end > 0)) end = reach;
        scale.high = end > 0 ? end : 1;
        scale.low = -scale.high;
        scale.beyond_high = highest > scale.high;
        scale.beyond_low = lowest < scale.low;
    } else {
        scale.low = lowest;
        const double end = keep < 1 ? quantile(keep) : highest;
        scale.high = end > lowest ? end : highest;
        scale.beyond_high = highest > scale.high;
        if (scale.high == scale.low) scale.high = scale.low + 1;
    }
    return scale;
}

std::vector<double> pooled(const MatrixView& matrix, std::size_t height, std::size_t width)
{
    if (matrix.empty() || height == 0 || width == 0) return {};
    std::vector<double> result(height * width, nan);
    std::vector<double> heaviest(matrix.cols);
    for (std::size_t row_pixel = 0; row_pixel < height; ++row_pixel) {
        const CellRange rows = cells_under(row_pixel, height, matrix.rows);
        double* const out = result.data() + row_pixel * width;
        if (row_pixel > 0 && rows.first == cells_under(row_pixel - 1, height, matrix.rows).first) {
            std::copy(out - width, out, out);  // the same cells again: a grown row
            continue;
        }
        const auto first = matrix.values.begin() + std::ptrdiff_t(rows.first * matrix.cols);
        std::copy(first, first + std::ptrdiff_t(matrix.cols), heaviest.begin());
        for (std::size_t row = rows.first + 1; row < rows.last; ++row)
            for (std::size_t col = 0; col < matrix.cols; ++col)
                heaviest[col] = heavier(heaviest[col], matrix.at(row, col));
        for (std::size_t col_pixel = 0; col_pixel < width; ++col_pixel) {
            const CellRange cols = cells_under(col_pixel, width, matrix.cols);
            double value = heaviest[cols.first];
            for (std::size_t col = cols.first + 1; col < cols.last; ++col) value = heavier(value, heaviest[col]);
            out[col_pixel] = value;
        }
    }
    return result;
}

QImage heat_image(const MatrixView& matrix, QSize size, const HeatScale& scale, const Palette& palette)
{
    if (matrix.empty() || size.isEmpty()) return {};
    const auto width = std::size_t(size.width());
    const std::vector<double> values = pooled(matrix, std::size_t(size.height()), width);
    QImage image(size, QImage::Format_RGB32);
    for (int row = 0; row < size.height(); ++row) {
        auto* const line = reinterpret_cast<QRgb*>(image.scanLine(row));
        std::transform(values.begin() + std::ptrdiff_t(std::size_t(row) * width),
                       values.begin() + std::ptrdiff_t(std::size_t(row + 1) * width), line,
                       [&](double value) { return scale.color(value, palette); });
    }
    return image;
}

}  // namespace fedsleuth::ui
