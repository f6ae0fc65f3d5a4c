// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/report/svg.h"

#include "model/text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

namespace fedsleuth::analysis {

namespace {

constexpr double width = 720;
constexpr const char* ink = "#1f2328";
constexpr const char* quiet = "#5b6470";
constexpr const char* hairline = "#d5d9de";

std::string fixed(double value)
{
    char buffer[32];
    std::snprintf(buffer, sizeof buffer, "%.1f", value);
    return buffer;
}

std::string label(double value) { return model::short_number(value == 0 ? 0.0 : value, 4); }

/// Builds one <svg>.
class Canvas {
public:
    void line(double x1, double y1, double x2, double y2, const std::string& color, double thickness = 1,
              const std::string& dash = {})
    {
        body_ += "<line x1=\"" + fixed(x1) + "\" y1=\"" + fixed(y1) + "\" x2=\"" + fixed(x2) + "\" y2=\"" + fixed(y2) +
                 "\" stroke=\"" + color + "\" stroke-width=\"" + fixed(thickness) + "\"" +
                 (dash.empty() ? "" : " stroke-dasharray=\"" + dash + "\"") + "/>\n";
    }
    void box(double x, double y, double w, double h, const std::string& color)
    {
        body_ += "<rect x=\"" + fixed(x) + "\" y=\"" + fixed(y) + "\" width=\"" + fixed(w) + "\" height=\"" + fixed(h) +
                 "\" fill=\"" + color + "\"/>\n";
    }
    void path(const std::vector<std::pair<double, double>>& points, const std::string& color, const std::string& dash)
    {
        if (points.size() == 1) return dot(points[0].first, points[0].second, color);
        body_ += "<polyline fill=\"none\" stroke=\"" + color + "\" stroke-width=\"1.6\"" +
                 (dash.empty() ? "" : " stroke-dasharray=\"" + dash + "\"") + " points=\"" + list(points) + "\"/>\n";
    }
    void area(const std::vector<std::pair<double, double>>& points, const std::string& color)
    {
        body_ +=
            "<polygon fill=\"" + color + "\" fill-opacity=\"0.15\" stroke=\"none\" points=\"" + list(points) + "\"/>\n";
    }
    void dot(double x, double y, const std::string& color)
    {
        body_ += "<circle cx=\"" + fixed(x) + "\" cy=\"" + fixed(y) + "\" r=\"2.5\" fill=\"" + color + "\"/>\n";
    }
    /// anchor: start, middle, end
    void text(double x, double y, const std::string& what, const char* anchor, const char* color = quiet,
              double size = 11, bool upright = false)
    {
        body_ += "<text x=\"" + fixed(x) + "\" y=\"" + fixed(y) + "\" font-family=\"sans-serif\" font-size=\"" +
                 fixed(size) + "\" fill=\"" + color + "\" text-anchor=\"" + anchor + "\"" +
                 (upright ? " transform=\"rotate(-90 " + fixed(x) + " " + fixed(y) + ")\"" : "") + ">" +
                 model::html_escaped(what) + "</text>\n";
    }
    [[nodiscard]] std::string done(double height) const
    {
        const std::string size = fixed(width) + " " + fixed(height);
        return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + size + "\" width=\"" + fixed(width) +
               "\" height=\"" + fixed(height) + "\">\n" + body_ + "</svg>\n";
    }

private:
    static std::string list(const std::vector<std::pair<double, double>>& points)
    {
        std::string text;
        for (const auto& [x, y] : points)
            text.append(text.empty() ? "" : " ").append(fixed(x)).append(",").append(fixed(y));
        return text;
    }
    std::string body_;
};

/// A round step of about (high − low) / count.
double tick_step(double low, double high, int count)
{
    const double raw = std::max((high - low) / count, 1e-300);
    const double power = std::pow(10.0, std::floor(std::log10(raw)));
    for (const double factor : {1.0, 2.0, 5.0, 10.0})
        if (raw <= factor * power * (1 + 1e-9)) return factor * power;
    return 10 * power;
}

struct Axis {
    double low = 0, high = 1, step = 0.5;
    [[nodiscard]] double share(double value) const { return (value - low) / (high - low); }
};

Axis axis_of(const std::vector<SvgLine>& lines, bool right, std::optional<double> low, std::optional<double> high,
             std::optional<double> level)
{
    double least = INFINITY, most = -INFINITY;
    for (const SvgLine& line : lines) {
        if (line.right_axis != right) continue;
        for (const auto& [x, y] : line.points)
            if (std::isfinite(y)) {
                least = std::min(least, y);
                most = std::max(most, y);
            }
    }
    if (level && !right) most = std::max(most, *level);
    if (!(least <= most)) least = 0, most = 1;
    Axis axis;
    axis.low = low.value_or(std::min(least, 0.0));
    axis.high = high.value_or(most);
    if (!(axis.high > axis.low)) axis.high = axis.low + 1;
    axis.step = tick_step(axis.low, axis.high, 5);
    if (!high) axis.high = axis.low + std::ceil((axis.high - axis.low) / axis.step - 1e-9) * axis.step;
    return axis;
}

/// Where a chart's plot lies.
struct Frame {
    double left = 62, right = width - 62, top = 34, bottom = 216, height = 254;
    [[nodiscard]] double x(double share) const { return left + share * (right - left); }
    [[nodiscard]] double y(double share) const { return bottom - std::clamp(share, -0.02, 1.04) * (bottom - top); }
};

/// Draws the names of the lines, in as many rows as they need, and moves the plot down under them.
void draw_legend(Canvas& canvas, const SvgChart& chart, Frame& frame)
{
    constexpr double row = 16;
    double x = frame.left, y = 12;
    const auto place = [&](double sample, const std::string& name) {
        const double wide = sample + 5 + 6.3 * static_cast<double>(name.size());
        if (x > frame.left && x + wide > width) {
            x = frame.left;
            y += row;
        }
        canvas.text(x + sample + 5, y + 4, name, "start", ink);
        return std::exchange(x, x + wide + 18);
    };
    for (const SvgLine& line : chart.lines) {
        if (line.name.empty()) continue;  // another line of the one before
        const double at = place(22, line.name);
        canvas.line(at, y, at + 22, y, line.color, 2, line.dash);
    }
    if (!chart.flagged_x.empty()) canvas.box(place(8, chart.flagged_name), y - 4, 8, 8, "#b3261e");
    for (double* const edge : {&frame.top, &frame.bottom, &frame.height}) *edge += y - 12;
}

void draw_y_axis(Canvas& canvas, const Frame& frame, const Axis& axis, const std::string& name, bool right)
{
    for (double tick = axis.low; tick <= axis.high + axis.step / 1000; tick += axis.step) {
        const double y = frame.y(axis.share(tick));
        if (!right) canvas.line(frame.left, y, frame.right, y, hairline);
        canvas.text(right ? frame.right + 6 : frame.left - 6, y + 4, label(tick), right ? "start" : "end");
    }
    canvas.text(right ? width - 8 : 14, (frame.top + frame.bottom) / 2, name, "middle", quiet, 11, true);
}

}  // namespace

std::string svg_chart(const SvgChart& chart)
{
    Frame frame;
    const bool two = std::any_of(chart.lines.begin(), chart.lines.end(), [](const SvgLine& l) { return l.right_axis; });
    if (!two) frame.right = width - 16;
    double first = INFINITY, last = -INFINITY;
    for (const SvgLine& line : chart.lines)
        for (const auto& [x, y] : line.points) {
            first = std::min(first, x);
            last = std::max(last, x);
        }
    if (!(first <= last)) first = 0, last = 1;
    const Axis across{first, last > first ? last : first + 1, std::max(1.0, tick_step(first, last, 12))};
    const Axis left = axis_of(chart.lines, false, chart.y_low, chart.y_high, chart.level);
    Canvas canvas;
    draw_legend(canvas, chart, frame);
    draw_y_axis(canvas, frame, left, chart.y_name, false);
    const Axis right = axis_of(chart.lines, true, {}, {}, {});
    if (two) draw_y_axis(canvas, frame, right, chart.right_name, true);
    for (double tick = std::ceil(first / across.step) * across.step; tick <= last + 1e-9; tick += across.step) {
        const double x = frame.x(across.share(tick));
        canvas.line(x, frame.bottom, x, frame.bottom + 4, quiet);
        canvas.text(x, frame.bottom + 17, label(tick), "middle");
    }
    canvas.text((frame.left + frame.right) / 2, frame.bottom + 33, chart.x_name, "middle");
    for (const SvgMark& mark : chart.marks) {
        const double x = frame.x(across.share(mark.x));
        canvas.line(x, frame.top - 8, x, frame.bottom, mark.color, 1.2, "2 3");
        const bool late = across.share(mark.x) > 0.8;
        canvas.text(late ? x - 4 : x + 4, frame.top - 1, mark.label, late ? "end" : "start", ink);
    }
    if (chart.level) {
        const double y = frame.y(left.share(*chart.level));
        canvas.line(frame.left, y, frame.right, y, ink, 1, "6 4");
        canvas.text(frame.right - 4, y - 4, chart.level_name, "end", ink);
    }
    for (const SvgLine& line : chart.lines) {
        const Axis& axis = line.right_axis ? right : left;
        std::vector<std::pair<double, double>> piece;
        const auto flush = [&] {
            if (piece.empty()) return;
            canvas.path(piece, line.color, line.dash);
            if (line.filled_to_zero && piece.size() > 1) {
                std::vector<std::pair<double, double>> area = piece;
                area.emplace_back(piece.back().first, frame.y(axis.share(0)));
                area.emplace_back(piece.front().first, frame.y(axis.share(0)));
                canvas.area(area, line.color);
            }
            piece.clear();
        };
        for (const auto& [x, y] : line.points) {
            if (std::isfinite(y))
                piece.emplace_back(frame.x(across.share(x)), frame.y(axis.share(y)));
            else
                flush();
        }
        flush();
    }
    for (const double x : chart.flagged_x) canvas.box(frame.x(across.share(x)) - 3, frame.bottom - 7, 6, 6, "#b3261e");
    canvas.line(frame.left, frame.bottom, frame.right, frame.bottom, quiet);
    return canvas.done(frame.height);
}

std::string svg_bars(const std::vector<SvgBar>& bars, const std::string& axis)
{
    constexpr double line_height = 20, left = 190, right = width - 70;
    const double foot = 8 + line_height * static_cast<double>(bars.size());
    Canvas canvas;
    for (const double tick : {0.0, 0.25, 0.5, 0.75, 1.0}) {
        const double x = left + tick * (right - left);
        canvas.line(x, 4, x, foot, hairline);
        canvas.text(x, foot + 15, label(100 * tick), "middle");
    }
    canvas.text((left + right) / 2, foot + 31, axis + " (%)", "middle");
    for (std::size_t idx = 0; idx < bars.size(); ++idx) {
        const double y = 8 + line_height * static_cast<double>(idx);
        canvas.text(left - 8, y + 13, bars[idx].label, "end", ink);
        const double length = std::clamp(bars[idx].value, 0.0, 1.0) * (right - left);
        canvas.box(left, y + 3, std::max(length, 1.0), line_height - 7, bars[idx].color);
        canvas.text(left + length + 5, y + 13, bars[idx].value_text, "start", ink);
    }
    return canvas.done(foot + 36);
}

std::string svg_heat(const SvgHeat& heat)
{
    constexpr double left = 150, right = width - 16, row_height = 14, top = 6;
    const double cell = (right - left) / static_cast<double>(std::max<std::size_t>(heat.columns.size(), 1));
    const double foot = top + row_height * static_cast<double>(heat.rows.size());
    Canvas canvas;
    const auto color_of = [&](double value) {  // one scale from light to dark, even to the eye
        const double share = std::clamp(value / heat.top, 0.0, 1.0);
        char color[8];
        const auto mix = [&](int from, int to) { return static_cast<int>(std::lround(from + share * (to - from))); };
        std::snprintf(color, sizeof color, "#%02x%02x%02x", mix(0xf2, 0x5a), mix(0xee, 0x10), mix(0xe6, 0x2b));
        return std::string(color);
    };
    for (std::size_t row = 0; row < heat.rows.size(); ++row) {
        const double y = top + row_height * static_cast<double>(row);
        canvas.text(left - 6, y + 11, heat.rows[row], "end", ink, 10);
        for (std::size_t column = 0; column < heat.columns.size(); ++column) {
            const double value = heat.values[row][column];
            if (!std::isfinite(value)) continue;
            canvas.box(left + cell * static_cast<double>(column), y, std::max(cell - 0.6, 0.6), row_height - 1,
                       color_of(value));
        }
    }
    const std::size_t every = std::max<std::size_t>(1, (heat.columns.size() + 19) / 20);
    for (std::size_t column = 0; column < heat.columns.size(); column += every)
        canvas.text(left + cell * (static_cast<double>(column) + 0.5), foot + 13, heat.columns[column], "middle", quiet,
                    10);
    canvas.text((left + right) / 2, foot + 29, "Round", "middle");
    for (int step = 0; step <= 40; ++step)
        canvas.box(left + 3.0 * step, foot + 38, 3.2, 8, color_of(heat.top * step / 40));
    canvas.text(left - 6, foot + 46, "0", "end", quiet, 10);
    canvas.text(left + 128, foot + 46, label(heat.top) + " or more: " + heat.unit, "start", quiet, 10);
    return canvas.done(foot + 58);
}

}  // namespace fedsleuth::analysis
