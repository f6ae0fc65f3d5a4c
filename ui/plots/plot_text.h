// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/ids.h"
#include "ui/tables/cells.h"

#include <QFont>
#include <QString>

class QPainter;
class QRectF;
class QWidget;

namespace fedsleuth::ui {

[[nodiscard]] QString shown(model::RoundNo round);  ///< the number alone

/// Plain text (with line breaks) as a tooltip, which Qt would otherwise take for HTML where it looks like it.
[[nodiscard]] QString tooltip_html(const QString& plain);

/// The three sizes: the platform's, one for what stands beside plots, one for a page's answer.
[[nodiscard]] QFont small_font(const QFont& platform);
[[nodiscard]] QFont title_font(const QFont& platform);

/// Draws the text in one line, cut with "…" where the box is too narrow.
void draw_elided(QPainter& painter, const QRectF& box, int flags, const QString& text,
                 Qt::TextElideMode mode = Qt::ElideRight);

/// Draws the text in the middle of the box, but no further out than the frame.
void draw_inside(QPainter& painter, QRectF box, const QRectF& frame, const QString& text);

/// Words in the middle of an empty plot.
void draw_empty(QPainter& painter, const QRectF& box, const QString& text, const QColor& color);

/// Shows a tooltip at once beside the mouse and keeps it up to date while it moves; an empty text hides it.
void show_tooltip(QWidget* widget, const QPoint& position, const QString& plain);

/// A thin accent-coloured frame inside the widget where it has the keyboard's focus.
void draw_focus(QPainter& painter, const QWidget* widget, const QColor& accent);

}  // namespace fedsleuth::ui
