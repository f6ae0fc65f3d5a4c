// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QApplication>
#include <QDir>
#include <QSettings>
#include <QStandardPaths>
#include <QStyleFactory>

namespace fedsleuth::test {

/// For initTestCase(): the program's style, and settings and data of the test's own, empty.
inline void set_up_application()
{
    QStandardPaths::setTestModeEnabled(true);
    QApplication::setApplicationName(QStringLiteral("fedsleuth-test"));
    QApplication::setOrganizationName(QStringLiteral("fedsleuth-test"));
    QApplication::setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
    const QString scratch = QStringLiteral(FEDSLEUTH_SCRATCH);
    QDir(scratch).removeRecursively();
    QDir().mkpath(scratch);
    QSettings::setDefaultFormat(QSettings::IniFormat);
    QSettings::setPath(QSettings::IniFormat, QSettings::UserScope, scratch + QStringLiteral("/settings"));
}

}  // namespace fedsleuth::test
