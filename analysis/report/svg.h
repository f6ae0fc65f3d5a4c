// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace fedsleuth::analysis {

// Figures of a report as <svg> elements: shapes and text with attributes of their own, no style sheet, no script, so
// that browsers and Qt Svg draw them alike. All text is escaped. Colours are those of the light palette, chosen to
// differ in lightness too; classes have a shape beside their colour.

struct SvgLine {
    std::string name;
    std::vector<std::pair<double, double>> points;  ///< a NaN breaks the line
    std::string color;
    std::string dash = {};  ///< "6 4"; empty: solid
    bool filled_to_zero = false;
    bool right_axis = false;  ///< on the scale of the right axis
};

struct SvgMark {
    double x = 0;
    std::string label;  ///< written at the top, beside a vertical line
    std::string color;
};

struct SvgChart {
    std::string x_name, y_name, right_name;
    std::vector<SvgLine> lines;
    std::vector<SvgMark> marks;
    std::optional<double> y_low, y_high;  ///< else as the points ask
    std::optional<double> level;          ///< a dashed horizontal line
    std::string level_name;
    std::vector<double> flagged_x;  ///< red squares along the foot
    std::string flagged_name;
};

[[nodiscard]] std::string svg_chart(const SvgChart& chart);

struct SvgBar {
    std::string label;
    double value = 0;  ///< 0 … 1
    std::string color;
    std::string value_text;
};

[[nodiscard]] std::string svg_bars(const std::vector<SvgBar>& bars, const std::string& axis);

struct SvgHeat {
    std::vector<std::string> rows;
    std::vector<std::string> columns;         ///< labels; thinned out as there is room
    std::vector<std::vector<double>> values;  ///< rows × columns; NaN: nothing there
    double top = 1;                           ///< what the darkest colour means
    std::string unit;
};

[[nodiscard]] std::string svg_heat(const SvgHeat& heat);

}  // namespace fedsleuth::analysis
