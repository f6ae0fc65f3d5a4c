// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QStringList>
#include <QtTest>

namespace fedsleuth::test {

/// While it lives, warnings are gathered instead of printed; an unexpected one fails the test that looks.
class Quiet {
public:
    Quiet()
    {
        gathered().clear();
        before_ = qInstallMessageHandler([](QtMsgType type, const QMessageLogContext&, const QString& message) {
            // The offscreen platform has no window manager to pass sizes on to.
            if (message.contains(QLatin1String("This plugin does not support"))) return;
            if (type >= QtWarningMsg && type != QtInfoMsg) gathered() << message;
        });
    }
    ~Quiet() { qInstallMessageHandler(before_); }
    Quiet(const Quiet&) = delete;
    Quiet& operator=(const Quiet&) = delete;

    [[nodiscard]] static QString said() { return gathered().join(QLatin1Char('\n')); }

private:
    static QStringList& gathered()
    {
        static QStringList messages;
        return messages;
    }
    QtMessageHandler before_ = nullptr;
};

}  // namespace fedsleuth::test
