// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <vector>

namespace fedsleuth::ui {

/// Values along an axis and the pixels that they lie at; low may be at the larger pixel (y axes).
class Scale {
public:
    enum class Kind { linear, log };

    Scale() = default;
    /// On a log scale both ends must be above 0. Equal ends are widened, so that every value has a pixel.
    Scale(double low, double high, double low_pixel, double high_pixel, Kind kind = Kind::linear);

    [[nodiscard]] double to_pixel(double value) const;  ///< values ≤ 0 of a log scale: NaN
    [[nodiscard]] double to_value(double pixel) const;
    [[nodiscard]] double low() const { return low_; }
    [[nodiscard]] double high() const { return high_; }
    [[nodiscard]] Kind kind() const { return kind_; }

private:
    double low_ = 0, high_ = 1, low_pixel_ = 0, high_pixel_ = 1;
    Kind kind_ = Kind::linear;
};

struct Ticks {
    std::vector<double> values;  ///< ascending, inside the range
    double step = 0;             ///< between them; 0 on a log scale
};

/// At most `most` ticks (at least 3 are allowed for, so that one always lies inside) at multiples of 1, 2 or 5 times a
/// power of ten.
[[nodiscard]] Ticks nice_ticks(double low, double high, int most);
/// The same at whole numbers alone: rounds, counts.
[[nodiscard]] Ticks whole_ticks(double low, double high, int most);
/// Powers of ten, with 2 and 5 between them where there is room; every k-th power where there is none.
[[nodiscard]] Ticks log_ticks(double low, double high, int most);

/// A range a little larger than the data, whose ends are ticks.
struct Span {
    double low = 0, high = 1;
};
[[nodiscard]] Span nice_span(double low, double high, int most);

/// The value with the digits that the step between ticks deserves: 0.25 with step 0.05, 1,500 with step 500,
/// 2×10⁶ with step 10⁶.
[[nodiscard]] QString tick_label(double value, double step);

/// A number for people with `digits` significant digits, a real minus sign and grouped thousands; "–" where it is not
/// finite.
[[nodiscard]] QString number_text(double value, int digits = 3);

/// Every k-th of `count` labels of this size (with the gap to the next one) fits into so many pixels; at least 1.
[[nodiscard]] int label_stride(int count, double pixels, double label_size);

}  // namespace fedsleuth::ui
