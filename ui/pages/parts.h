// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/summary.h"

#include <QLabel>
#include <QWidget>
#include <vector>

class QBoxLayout;
class QFrame;
class QGridLayout;

namespace fedsleuth::ui {

/// The grid that everything stands on, in pixels.
inline constexpr int grid = 4;

/// Plain text that wraps, can be selected with mouse and keyboard, and never is taken for HTML.
[[nodiscard]] QLabel* make_text(QWidget* parent);
[[nodiscard]] QLabel* make_quiet_text(QWidget* parent);                  ///< small, for what is said aside
[[nodiscard]] QLabel* make_title(const QString& text, QWidget* parent);  ///< of a page
[[nodiscard]] QLabel* make_section_title(const QString& text, QWidget* parent);
[[nodiscard]] QFrame* make_hairline(QWidget* parent);

/// A page's own layout: margins and spacing on the grid.
[[nodiscard]] QBoxLayout* make_page_layout(QWidget* page);

/// Of two widgets that share a place, shows the one; the layout follows at once, before anything is painted.
void show_instead(QWidget* shown, QWidget* hidden);

/// Shows the label only where it has something to say.
void say(QLabel* label, const QString& text);

/// Numbers in a row, each large, with what it counts under it.
class FigureRow : public QWidget {
    Q_OBJECT
public:
    explicit FigureRow(QWidget* parent = nullptr);
    void set_figures(const std::vector<Figure>& figures);

private:
    struct Column {
        QLabel* value;
        QLabel* label;
        QLabel* detail;
    };
    std::vector<Column> columns_;
    QGridLayout* layout_;
};

/// What a page says where there is nothing to show: what would be here, and how to get it.
class EmptyState : public QWidget {
    Q_OBJECT
public:
    explicit EmptyState(QWidget* parent = nullptr);
    void set_words(const QString& title, const QString& text);

private:
    QLabel* title_;
    QLabel* text_;
};

}  // namespace fedsleuth::ui
