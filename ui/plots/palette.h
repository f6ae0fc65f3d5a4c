// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/verdict.h"

#include <QColor>
#include <QPainter>
#include <QPalette>
#include <QRectF>
#include <QRgb>

namespace fedsleuth::ui {

/// Colours that mean something, for a light or a dark window. Everything else comes from QPalette.
struct Palette {
    bool dark = false;
    QColor accent;   ///< selection, and nothing else
    QColor ink;      ///< text and marks
    QColor quiet;    ///< secondary text, axis labels
    QColor hairline; ///< grid and separators
    QColor paper;    ///< plot background

    [[nodiscard]] static Palette of(const QPalette& palette);

    [[nodiscard]] QColor verdict(
        model::VerdictClass verdict) const;             ///< clean grey, watch amber, suspect orange, malicious red
    [[nodiscard]] QRgb sequential(double share) const;  ///< 0 … 1: perceptually even, safe for colour-blind eyes
    [[nodiscard]] QRgb diverging(double share) const;   ///< −1 … 1: around a true zero
    [[nodiscard]] QRgb missing() const;                 ///< a cell without a value
    [[nodiscard]] QColor category(int idx) const;       ///< clusters; −1 is noise
};

/// The window palettes that the view menu offers.
[[nodiscard]] QPalette light_window_palette();
[[nodiscard]] QPalette dark_window_palette();

/// The class's shape (clean ○, watch ◇, suspect △, malicious ■, unknown ·), filled with its colour, inside `box`.
void draw_verdict_mark(QPainter& painter, const QRectF& box, model::VerdictClass verdict, const Palette& palette);
/// The same as a character, for text.
[[nodiscard]] QString verdict_symbol(model::VerdictClass verdict);

}  // namespace fedsleuth::ui
