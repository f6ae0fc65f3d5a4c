// SPDX-License-Identifier: GPL-3.0-or-later
// What only a terminal sees: colour, lines broken to its width, the progress line. The program runs on a real one.
#include "app/cli_program.h"

#include <fcntl.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <QtTest>

namespace {

struct Seen {
    int code = -1;
    QByteArray text;
};

/// Runs the program with all its streams on a terminal of so many columns.
Seen on_terminal(const QStringList& arguments, unsigned short columns, const char* no_colour = nullptr)
{
    QList<QByteArray> words{FEDSLEUTH_CLI};
    for (const QString& argument : arguments) words << argument.toUtf8();
    std::vector<char*> argv;
    for (QByteArray& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);

    winsize size{};
    size.ws_col = columns;
    size.ws_row = 50;
    int terminal = -1;
    const pid_t child = forkpty(&terminal, nullptr, nullptr, &size);
    if (child < 0) return {};
    if (child == 0) {
        setenv("TERM", "xterm-256color", 1);
        if (no_colour != nullptr)
            setenv("NO_COLOR", no_colour, 1);
        else
            unsetenv("NO_COLOR");
        execv(argv.front(), argv.data());
        _exit(127);
    }
    Seen seen;
    char buffer[4096];
    for (ssize_t count = 0; (count = read(terminal, buffer, sizeof buffer)) > 0 || (count < 0 && errno == EINTR);)
        if (count > 0) seen.text.append(buffer, count);
    int status = 0;
    waitpid(child, &status, 0);
    close(terminal);
    seen.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return seen;
}

}  // namespace

class OnTerminal : public QObject {
    Q_OBJECT

private slots:
    void initTestCase();
    void colours_only_on_a_terminal_that_wants_them();
    void prose_is_broken_to_the_width();
    void the_progress_line_is_cleared();

private:
    QString case_;
};

void OnTerminal::initTestCase()
{
    case_ = fresh("sample.fedcase");
    QCOMPARE(run_cli({"ingest", FEDSLEUTH_SOURCE "/resources/sample", "--case", case_}).code, 0);
    QCOMPARE(run_cli({"analyse", "--case", case_}).code, 0);
}

void OnTerminal::colours_only_on_a_terminal_that_wants_them()
{
    const QStringList arguments{"verdicts", "--case", case_};
    const Seen colourful = on_terminal(arguments, 120);
    QCOMPARE(colourful.code, 0);
    QVERIFY(colourful.text.contains("\x1b[2m○ clean"));
    QVERIFY(!on_terminal(arguments, 120, "1").text.contains('\x1b'));
    QVERIFY2(on_terminal(arguments, 120, "").text.contains('\x1b'), "an empty NO_COLOR is no wish");
    QVERIFY(!run_cli(arguments).out.contains('\x1b'));
    for (const char* format : {"json", "csv"})
        QVERIFY(!on_terminal(arguments + QStringList{"--format", format}, 120).text.contains('\x1b'));
}

void OnTerminal::prose_is_broken_to_the_width()
{
    const Seen seen = on_terminal({"verdicts", "--case", case_, "--client", "site-07"}, 80, "1");
    QCOMPARE(seen.code, 0);
    for (const QByteArray& line : seen.text.split('\n'))
        QVERIFY2(QString::fromUtf8(line).trimmed().size() <= 80, line.constData());
}

void OnTerminal::the_progress_line_is_cleared()
{
    const Seen seen =
        on_terminal({"ingest", FEDSLEUTH_SOURCE "/resources/sample", "--case", fresh("again.fedcase")}, 100);
    QCOMPARE(seen.code, 0);
    const qsizetype last_clear = seen.text.lastIndexOf("\r\x1b[K");
    QVERIFY(last_clear >= 0);
    QVERIFY2(seen.text.indexOf("Took in") > last_clear, "what is said stands on a line of its own");
}

QTEST_GUILESS_MAIN(OnTerminal)
#include "tst_terminal.moc"
