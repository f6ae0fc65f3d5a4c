// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QStringList>

namespace fedsleuth::ui {

/// The cases that were opened last, newest first; kept in the settings. What no longer exists is left out.
class RecentCases : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;

    [[nodiscard]] QStringList paths() const;
    void add(const QString& case_path);
    void clear();

signals:
    void changed();

private:
    static constexpr qsizetype longest = 10;
};

}  // namespace fedsleuth::ui
