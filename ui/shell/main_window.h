// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/dialogs/pickers.h"
#include "ui/session/case_session.h"
#include "ui/shell/appearance.h"
#include "ui/shell/history.h"
#include "ui/shell/menus.h"
#include "ui/shell/recent_cases.h"

#include <array>
#include <QMainWindow>

class QDockWidget;
class QStackedWidget;

namespace fedsleuth::ui {

class MessageBar;
class Navigation;
class Page;
class Ribbon;
class StartPage;

/// The window: it holds the parts and wires them to the session, and knows nothing of their insides.
class MainWindow : public QMainWindow {
    Q_OBJECT
public:
    explicit MainWindow(Pickers pickers, QWidget* parent = nullptr);
    ~MainWindow() override;

    [[nodiscard]] CaseSession& session() { return session_; }
    void open(const QString& path);
    void go_to(PageId page);
    void set_appearance(Appearance appearance);
    [[nodiscard]] std::optional<PageId> page() const { return page_; }  ///< none: the start page
    void show_message(const QString& text);
    [[nodiscard]] QString message() const;  ///< in the message bar; else empty

    /// The sample federation that comes with the program; empty where it is not installed.
    [[nodiscard]] static QString sample_folder();

protected:
    void closeEvent(QCloseEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    void build();
    void wire_session();
    void wire_menus();
    void wire_ribbon();
    void show_data();
    void show_recent();
    void show_actions();
    void show_page(std::optional<PageId> page);
    void go_back();
    void go_forward();
    void go_to_place(const Place& place);
    [[nodiscard]] Place here();
    void reset_layout();
    void restore_layout();

    Pickers pickers_;
    CaseSession session_;
    RecentCases recent_;
    History history_;
    Menus menus_;
    std::optional<PageId> page_;
    CaseDataPtr shown_data_;  ///< that the ribbon shows

    Navigation* navigation_;
    MessageBar* message_;
    Ribbon* ribbon_;
    QWidget* ribbon_box_;
    QStackedWidget* stack_;
    StartPage* start_;
    std::array<Page*, page_count> pages_;
    QDockWidget* dock_;
};

}  // namespace fedsleuth::ui
