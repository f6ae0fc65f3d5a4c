// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/ids.h"
#include "ui/print/print_report.h"
#include "ui/shell/history.h"

#include <QObject>
#include <QSize>
#include <QString>
#include <QStringList>
#include <QTimer>

class QApplication;

namespace fedsleuth::ui {

class MainWindow;

/// What the command line asks for.
struct StartupOptions {
    QString path;           ///< a folder or a case; empty: the start page
    QString screenshot;     ///< the file to write; empty: none
    QSize size{1440, 900};  ///< of the window in the screenshot
    PrintOptions print;     ///< a report to print instead of showing a window
    PageId page = PageId::overview;
    QString tab;  ///< of the page, by how its title begins; empty: the one that it begins with
    bool dark = false;
    std::optional<model::RoundNo> round;
    std::optional<model::ClientId> client;
};

/// Name, style and version of the program. Before anything is shown.
void set_up(QApplication& application);

/// Ends the program with help, version, or the error text and exit code 2 where the arguments don't fit.
[[nodiscard]] StartupOptions parse_arguments(const QApplication& application);

/// Does what the command line asks for with a window that is there. A screenshot ends the program: with exit code 0,
/// or 1 and a text on stderr where the path could not be opened or the picture not be written.
class Startup : public QObject {
    Q_OBJECT
public:
    Startup(MainWindow& window, StartupOptions options);
    void begin();

private:
    void select();
    void take_when_quiet();
    void fail(const QString& why);

    MainWindow& window_;
    StartupOptions options_;
    QTimer quiet_;
    int quiet_looks_ = 0;
};

}  // namespace fedsleuth::ui
