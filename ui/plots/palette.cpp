// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/palette.h"

#include "ui/plots/color_space.h"

#include <algorithm>
#include <cmath>
#include <QPainterPath>

namespace fedsleuth::ui {
namespace {

constexpr std::size_t ramp_steps = 256;
using Ramp = std::vector<QRgb>;

QColor color_of(double lightness, double chroma, double hue) { return QColor(to_rgb(lab_of(lightness, chroma, hue))); }

/// Indigo through teal to yellow, with lightness rising all the way: its order is read without any colour. In a light
/// window it runs the other way, so that small values stay near the paper in both.
const Ramp& sequential_ramp(bool dark)
{
    static const Ramp on_dark = [] {
        const std::array control{lab_of(0.24, 0.075, 292), lab_of(0.42, 0.095, 268), lab_of(0.59, 0.085, 205),
                                 lab_of(0.76, 0.110, 150), lab_of(0.93, 0.130, 105)};
        return even_ramp(control, ramp_steps);
    }();
    static const Ramp on_light = [] {
        const std::array control{lab_of(0.975, 0.035, 105), lab_of(0.82, 0.100, 150), lab_of(0.65, 0.090, 205),
                                 lab_of(0.46, 0.110, 268), lab_of(0.27, 0.100, 292)};
        return even_ramp(control, ramp_steps);
    }();
    return dark ? on_dark : on_light;
}

/// Teal below zero, ochre above, and the paper's own grey at zero: apart in hue for colour-blind eyes as well, and
/// both arms move away from the paper's lightness.
const Ramp& diverging_ramp(bool dark)
{
    static const auto arms = [](const Lab& zero, const Lab& low_middle, const Lab& low, const Lab& high_middle,
                                const Lab& high) {
        const std::array below{zero, low_middle, low};
        const std::array above{zero, high_middle, high};
        Ramp ramp = even_ramp(below, ramp_steps);
        std::reverse(ramp.begin(), ramp.end());
        const Ramp upper = even_ramp(above, ramp_steps);
        ramp.insert(ramp.end(), upper.begin() + 1, upper.end());
        return ramp;
    };
    static const Ramp on_dark = arms(lab_of(0.27, 0.004, 260), lab_of(0.55, 0.095, 225), lab_of(0.82, 0.105, 220),
                                     lab_of(0.58, 0.120, 60), lab_of(0.86, 0.135, 80));
    static const Ramp on_light = arms(lab_of(0.975, 0.003, 260), lab_of(0.70, 0.095, 225), lab_of(0.40, 0.095, 240),
                                      lab_of(0.72, 0.130, 65), lab_of(0.43, 0.115, 50));
    return dark ? on_dark : on_light;
}

QPalette window_palette(double window, double base, double text, double quiet, double button, double line,
                        const QColor& accent, bool dark)
{
    constexpr double tint = 0.006, hue = 260;  // greys lean a little towards blue
    const auto grey = [](double lightness) { return color_of(lightness, tint, hue); };
    QPalette palette;
    palette.setColor(QPalette::Window, grey(window));
    palette.setColor(QPalette::WindowText, grey(text));
    palette.setColor(QPalette::Base, grey(base));
    palette.setColor(QPalette::AlternateBase, grey(std::lerp(base, window, 0.6)));
    palette.setColor(QPalette::Text, grey(text));
    palette.setColor(QPalette::PlaceholderText, grey(quiet));
    palette.setColor(QPalette::Button, grey(button));
    palette.setColor(QPalette::ButtonText, grey(text));
    palette.setColor(QPalette::BrightText, dark ? QColor(Qt::white) : QColor(Qt::black));
    palette.setColor(QPalette::ToolTipBase, grey(dark ? base + 0.08 : base));
    palette.setColor(QPalette::ToolTipText, grey(text));
    palette.setColor(QPalette::Link, accent);
    palette.setColor(QPalette::LinkVisited, accent);
    palette.setColor(QPalette::Highlight, accent);
    palette.setColor(QPalette::HighlightedText, dark ? grey(0.16) : QColor(Qt::white));
    palette.setColor(QPalette::Light, grey(dark ? button + 0.10 : 1.0));
    palette.setColor(QPalette::Midlight, grey(dark ? button + 0.05 : std::lerp(button, 1.0, 0.5)));
    palette.setColor(QPalette::Mid, grey(line));
    palette.setColor(QPalette::Dark, grey(dark ? base - 0.06 : line - 0.12));
    palette.setColor(QPalette::Shadow, grey(dark ? 0.08 : 0.45));
    const QColor disabled = grey(std::lerp(text, window, 0.55));
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText, QPalette::HighlightedText})
        palette.setColor(QPalette::Disabled, role, disabled);
    palette.setColor(QPalette::Disabled, QPalette::Highlight, grey(line));
    return palette;
}

QColor accent_of(bool dark) { return dark ? color_of(0.72, 0.15, 255) : color_of(0.53, 0.20, 260); }

}  // namespace

QPalette light_window_palette()
{
    return window_palette(0.962, 0.993, 0.26, 0.53, 0.945, 0.86, accent_of(false), false);
}
QPalette dark_window_palette() { return window_palette(0.255, 0.215, 0.91, 0.68, 0.30, 0.38, accent_of(true), true); }

Palette Palette::of(const QPalette& palette)
{
    Palette result;
    const QColor base = palette.color(QPalette::Active, QPalette::Base);
    const QColor text = palette.color(QPalette::Active, QPalette::Text);
    const Lab paper = to_lab(base.rgb());
    const Lab ink = to_lab(text.rgb());
    result.dark = paper.lightness < ink.lightness;
    // The window's own highlight may be any colour; the accent has to be told from every scale and verdict.
    result.accent = accent_of(result.dark);
    result.ink = text;
    result.quiet = QColor(to_rgb(mix(ink, paper, 0.34)));
    result.hairline = QColor(to_rgb(mix(paper, ink, result.dark ? 0.20 : 0.15)));
    result.paper = base;
    return result;
}

QColor Palette::verdict(model::VerdictClass verdict) const
{
    switch (verdict) {
        case model::VerdictClass::malicious:
            return dark ? color_of(0.68, 0.20, 22) : color_of(0.53, 0.205, 25);
        case model::VerdictClass::suspect:
            return dark ? color_of(0.75, 0.155, 52) : color_of(0.64, 0.165, 48);
        case model::VerdictClass::watch:
            return dark ? color_of(0.86, 0.145, 88) : color_of(0.70, 0.145, 82);
        case model::VerdictClass::clean:
            return dark ? color_of(0.66, 0.012, 260) : color_of(0.60, 0.012, 260);
        case model::VerdictClass::unknown:
            break;
    }
    return dark ? color_of(0.56, 0.008, 260) : color_of(0.70, 0.008, 260);
}

QRgb Palette::sequential(double share) const
{
    if (std::isnan(share)) return missing();
    const Ramp& ramp = sequential_ramp(dark);
    return ramp[std::size_t(std::lround(std::clamp(share, 0.0, 1.0) * double(ramp.size() - 1)))];
}

QRgb Palette::diverging(double share) const
{
    if (std::isnan(share)) return missing();
    const Ramp& ramp = diverging_ramp(dark);
    return ramp[std::size_t(std::lround((std::clamp(share, -1.0, 1.0) + 1) / 2 * double(ramp.size() - 1)))];
}

QRgb Palette::missing() const
{
    static const QRgb on_dark = to_rgb(lab_of(0.36, 0.003, 260));
    static const QRgb on_light = to_rgb(lab_of(0.87, 0.003, 260));
    return dark ? on_dark : on_light;
}

QColor Palette::category(int idx) const
{
    if (idx < 0) return dark ? color_of(0.56, 0.006, 260) : color_of(0.74, 0.006, 260);
    // Neighbours differ in lightness as well as in hue, so that they stay apart where hues run together.
    struct Hue {
        double lightness, chroma, hue;
    };
    static constexpr std::array hues{Hue{0.58, 0.115, 175}, Hue{0.45, 0.16, 305}, Hue{0.77, 0.15, 70},
                                     Hue{0.34, 0.09, 230},  Hue{0.67, 0.17, 350}, Hue{0.86, 0.14, 115},
                                     Hue{0.50, 0.09, 60},   Hue{0.80, 0.09, 215}};
    const Hue& hue = hues[std::size_t(idx) % hues.size()];
    return color_of(dark ? 0.42 + 0.58 * hue.lightness : hue.lightness, hue.chroma, hue.hue);
}

void draw_verdict_mark(QPainter& painter, const QRectF& box, model::VerdictClass verdict, const Palette& palette)
{
    const QColor color = palette.verdict(verdict);
    const QPointF middle = box.center();
    const double reach = std::min(box.width(), box.height()) / 2;
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(color.darker(palette.dark ? 100 : 115), 1));
    painter.setBrush(color);
    switch (verdict) {
        case model::VerdictClass::malicious: {
            const double half = reach * 0.80;
            painter.drawRect(QRectF(middle.x() - half, middle.y() - half, 2 * half, 2 * half));
            break;
        }
        case model::VerdictClass::suspect:
            painter.drawPolygon(QPolygonF({{middle.x(), middle.y() - 0.95 * reach},
                                           {middle.x() + 0.95 * reach, middle.y() + 0.75 * reach},
                                           {middle.x() - 0.95 * reach, middle.y() + 0.75 * reach}}));
            break;
        case model::VerdictClass::watch:
            painter.drawPolygon(QPolygonF({{middle.x(), middle.y() - reach},
                                           {middle.x() + reach, middle.y()},
                                           {middle.x(), middle.y() + reach},
                                           {middle.x() - reach, middle.y()}}));
            break;
        case model::VerdictClass::clean: {
            QColor fill = color;
            fill.setAlphaF(0.25F);  // many clean ones lie under the few that matter
            painter.setBrush(fill);
            painter.setPen(QPen(color, 1.25));
            painter.drawEllipse(middle, 0.78 * reach, 0.78 * reach);
            break;
        }
        case model::VerdictClass::unknown:
            painter.setPen(Qt::NoPen);
            painter.drawEllipse(middle, 0.35 * reach, 0.35 * reach);
            break;
    }
    painter.restore();
}

QString verdict_symbol(model::VerdictClass verdict)
{
    switch (verdict) {
        case model::VerdictClass::malicious:
            return QStringLiteral("■");
        case model::VerdictClass::suspect:
            return QStringLiteral("△");
        case model::VerdictClass::watch:
            return QStringLiteral("◇");
        case model::VerdictClass::clean:
            return QStringLiteral("○");
        case model::VerdictClass::unknown:
            break;
    }
    return QStringLiteral("·");
}

}  // namespace fedsleuth::ui
