// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/menus.h"

#include "ui/shell/navigation.h"

#include <QAction>
#include <QActionGroup>
#include <QMainWindow>
#include <QMenu>
#include <QMenuBar>

namespace fedsleuth::ui {

namespace {

QString words(const char* text) { return QMainWindow::tr(text); }

QAction* add(QMenu* menu, const QString& text, const QList<QKeySequence>& shortcuts = {})
{
    QAction* action = menu->addAction(text);
    action->setShortcuts(shortcuts);
    return action;
}

void build_file(Menus& menus, QMenuBar* bar)
{
    QMenu* menu = bar->addMenu(words("&File"));
    menus.open_folder = add(menu, words("Open evidence &folder…"), {QKeySequence::Open});
    menus.open_case = add(menu, words("Open &case…"), {QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_O)});
    menus.open_sample = add(menu, words("Open the &sample"));
    menus.recent = menu->addMenu(words("&Recent cases"));
    menu->addSeparator();
    menus.close_case = add(menu, words("C&lose case"), {QKeySequence::Close});
    menus.quit = add(menu, words("&Quit"), {QKeySequence(Qt::CTRL | Qt::Key_Q)});
}

void build_view(Menus& menus, QMenuBar* bar)
{
    QMenu* menu = bar->addMenu(words("&View"));
    for (int idx = 0; idx < page_count; ++idx)
        menus.pages[static_cast<std::size_t>(idx)] =
            add(menu, Navigation::title_of(static_cast<PageId>(idx)),
                {QKeySequence(Qt::CTRL | static_cast<Qt::Key>(Qt::Key_1 + idx))});
    menu->addSeparator();
    menus.back = add(menu, words("&Back"), {QKeySequence(Qt::ALT | Qt::Key_Left)});
    menus.forward = add(menu, words("&Forward"), {QKeySequence(Qt::ALT | Qt::Key_Right)});
    menu->addSeparator();
    menus.all_rounds = add(menu, words("Show &all rounds"), {QKeySequence(Qt::CTRL | Qt::Key_0)});
    menus.clear_selection = add(menu, words("&Clear the selection"), {QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_A)});
    menu->addSeparator();
    QMenu* palettes = menu->addMenu(words("&Palette"));
    menus.appearances = new QActionGroup(menu);
    const auto palette = [&](Appearance appearance, const char* name) {
        QAction* action = add(palettes, words(name));
        action->setCheckable(true);
        action->setData(static_cast<int>(appearance));
        menus.appearances->addAction(action);
    };
    palette(Appearance::system, "&System");
    palette(Appearance::light, "&Light");
    palette(Appearance::dark, "&Dark");
    menus.panels = menu->addMenu(words("Pa&nels"));
    menus.reset_layout = add(menu, words("&Reset the layout"));
}

}  // namespace

Menus build_menus(QMainWindow& window)
{
    Menus menus{};
    QMenuBar* bar = window.menuBar();
    build_file(menus, bar);
    build_view(menus, bar);
    QMenu* case_menu = bar->addMenu(words("&Case"));
    menus.analyse = add(case_menu, words("&Analyse again"), {QKeySequence(Qt::Key_F5)});
    menus.probe = add(case_menu, words("Add a &probe set…"));
    menus.probe->setToolTip(
        words("Clean inputs of the model with their labels (.npz with x and y): how each client's "
              "updates change the answers becomes evidence."));
    menus.misclassified = add(case_menu, words("Add a &misclassified input…"));
    menus.misclassified->setToolTip(
        words("An input that a shipped model answers wrongly (.npz with x, and y for that "
              "answer): who taught it that answer becomes evidence, and less is asked for before a client is "
              "suspect, because something went wrong."));
    case_menu->setToolTipsVisible(true);
    menus.report = add(case_menu, words("&Report…"), {QKeySequence(Qt::CTRL | Qt::Key_R)});
    QMenu* help = bar->addMenu(words("&Help"));
    menus.about = add(help, words("&About Fedsleuth"));
    return menus;
}

void show_appearance(const Menus& menus, Appearance appearance)
{
    for (QAction* action : menus.appearances->actions())
        if (action->data().toInt() == static_cast<int>(appearance)) action->setChecked(true);
}

}  // namespace fedsleuth::ui
