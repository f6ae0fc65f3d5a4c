// SPDX-License-Identifier: GPL-3.0-or-later
#include <QDirIterator>
#include <QFile>
#include <QRegularExpression>
#include <QTest>

/// The house stands: includes go down only, storage and analysis don't know each other, and Qt begins at ui/.
class TestFloors : public QObject {
    Q_OBJECT

private slots:
    void arrows_go_down_data()
    {
        QTest::addColumn<QString>("floor");
        QTest::addColumn<QStringList>("below");
        QTest::newRow("model") << "model" << QStringList{"model"};
        QTest::newRow("storage") << "storage" << QStringList{"storage", "model"};
        QTest::newRow("analysis") << "analysis" << QStringList{"analysis", "model"};
        QTest::newRow("ui") << "ui" << QStringList{"ui", "analysis", "storage", "model"};
        QTest::newRow("app") << "app" << QStringList{"app", "ui", "analysis", "storage", "model"};
    }

    void arrows_go_down()
    {
        QFETCH(QString, floor);
        QFETCH(QStringList, below);
        const QStringList floors{"model", "storage", "analysis", "ui", "app"};
        const QRegularExpression include("^\\s*#\\s*include\\s*[<\"]([^>\"]+)[>\"]",
                                         QRegularExpression::MultilineOption);
        const bool qt_allowed = floor == "ui" || floor == "app";
        int files = 0;
        QDirIterator sources(QStringLiteral(FEDSLEUTH_SOURCE "/") + floor, {"*.h", "*.cpp"}, QDir::Files,
                             QDirIterator::Subdirectories);
        while (sources.hasNext()) {
            const QString path = sources.next();
            // The command line has no window, so no Qt either.
            const bool core = !qt_allowed || path.contains("/app/cli/");
            QFile file(path);
            QVERIFY(file.open(QIODevice::ReadOnly));
            const QString text = QString::fromUtf8(file.readAll());
            ++files;
            for (auto found = include.globalMatch(text); found.hasNext();) {
                const QString target = found.next().captured(1);
                const QString first = target.section('/', 0, 0);
                if (floors.contains(first) && target.contains('/'))
                    QVERIFY2(below.contains(first), qPrintable(path + " includes " + target));
                QVERIFY2(!target.startsWith(".."), qPrintable(path + " includes " + target));
                if (core) {
                    const bool qt =
                        QRegularExpression("^Q([A-Z]|t[A-Z])").match(first).hasMatch() || first.startsWith("qt");
                    QVERIFY2(!qt, qPrintable(path + " includes " + target));
                    QVERIFY2(first != "ui", qPrintable(path + " includes " + target));
                }
            }
            QVERIFY2(text.startsWith("// SPDX-License-Identifier: GPL-3.0-or-later\n"), qPrintable(path));
        }
        QVERIFY(files > 0);
    }
};

QTEST_GUILESS_MAIN(TestFloors)
#include "tst_floors.moc"
