// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/appearance.h"
#include "ui/shell/history.h"

#include <array>

class QAction;
class QActionGroup;
class QMainWindow;
class QMenu;

namespace fedsleuth::ui {

/// The window's actions, with their shortcuts and their places in the menus. What they do is the window's to wire.
struct Menus {
    QAction* open_folder;
    QAction* open_case;
    QAction* open_sample;
    QMenu* recent;
    QAction* close_case;
    QAction* quit;
    std::array<QAction*, page_count> pages;
    QAction* back;
    QAction* forward;
    QAction* all_rounds;
    QAction* clear_selection;
    QActionGroup* appearances;  ///< data(): int of an Appearance
    QMenu* panels;              ///< for the docks' own actions
    QAction* reset_layout;
    QAction* analyse;
    QAction* probe;
    QAction* misclassified;
    QAction* report;
    QAction* about;
};

[[nodiscard]] Menus build_menus(QMainWindow& window);

/// Ticks the palette that is in use.
void show_appearance(const Menus& menus, Appearance appearance);

}  // namespace fedsleuth::ui
