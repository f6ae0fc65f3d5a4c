// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/recent_cases.h"

#include <QFileInfo>
#include <QSettings>

namespace fedsleuth::ui {

namespace {

const QString key = QStringLiteral("recent_cases");

}  // namespace

QStringList RecentCases::paths() const
{
    QStringList existing;
    for (const QString& path : QSettings().value(key).toStringList())
        if (QFileInfo::exists(path)) existing << path;
    return existing;
}

void RecentCases::add(const QString& case_path)
{
    QStringList list = paths();
    const QString path = QFileInfo(case_path).absoluteFilePath();
    list.removeAll(path);
    list.prepend(path);
    QSettings().setValue(key, list.mid(0, longest));
    emit changed();
}

void RecentCases::clear()
{
    QSettings().remove(key);
    emit changed();
}

}  // namespace fedsleuth::ui
