// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/appearance.h"

#include "ui/plots/palette.h"

#include <QApplication>
#include <QSettings>
#include <QToolTip>

namespace fedsleuth::ui {

namespace {

const QString key = QStringLiteral("appearance");

/// The platform says light or dark; the greys are ours, so that marks and scales can be told on them.
bool system_is_dark()
{
    QApplication::setPalette(QPalette());  // what the platform would have, were it not for us
    const QPalette palette = QApplication::palette();
    return palette.color(QPalette::Window).lightness() < palette.color(QPalette::WindowText).lightness();
}

}  // namespace

void apply_appearance(Appearance appearance)
{
    QPalette palette;
    switch (appearance) {
        case Appearance::system:
            palette = system_is_dark() ? dark_window_palette() : light_window_palette();
            break;
        case Appearance::light:
            palette = light_window_palette();
            break;
        case Appearance::dark:
            palette = dark_window_palette();
            break;
    }
    QApplication::setPalette(palette);
    QToolTip::setPalette(palette);
}

Appearance stored_appearance()
{
    const QString stored = QSettings().value(key).toString();
    if (stored == QLatin1String("light")) return Appearance::light;
    if (stored == QLatin1String("dark")) return Appearance::dark;
    return Appearance::system;
}

void store_appearance(Appearance appearance)
{
    QSettings().setValue(key, appearance == Appearance::light  ? QStringLiteral("light")
                              : appearance == Appearance::dark ? QStringLiteral("dark")
                                                               : QStringLiteral("system"));
}

}  // namespace fedsleuth::ui
