// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dialogs/pickers.h"
#include "ui/shell/main_window.h"
#include "ui/shell/startup.h"

#include <QApplication>

int main(int argc, char** argv)
{
    using namespace fedsleuth::ui;
    QApplication application(argc, argv);
    set_up(application);
    const StartupOptions options = parse_arguments(application);
    if (!options.print.out.isEmpty()) return print_report(options.print);
    MainWindow window(dialog_pickers());
    Startup startup(window, options);
    startup.begin();
    return QApplication::exec();
}
