// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QRegularExpression>
#include <QTest>

namespace fedsleuth::test {

/// For init(): a warning that nobody expects fails the test function. What the platform plugin says of itself is
/// no warning of ours.
inline void fail_on_warnings()
{
    QTest::failOnWarning(
        QRegularExpression(QStringLiteral("^(?!This plugin does not support|QStandardPaths: XDG_RUNTIME_DIR)")));
}

}  // namespace fedsleuth::test
