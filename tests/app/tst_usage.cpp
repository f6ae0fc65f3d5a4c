// SPDX-License-Identifier: GPL-3.0-or-later
// Help, usage errors and errors about files: exit codes, streams, sentences.
#include "app/cli_program.h"

#include <QtTest>

namespace {
const QStringList verbs{"ingest",   "analyse", "verdicts",  "rounds", "clients", "findings", "privacy",
                        "rollback", "custody", "verify",    "seal",   "aggregate", "whatif",   "decide",  "score",
                        "compute",  "simulate", "replay",   "report", "metrics",   "policy"};
}

class Usage : public QObject {
    Q_OBJECT

private slots:
    void help_is_data_and_names_every_command();
    void every_command_explains_itself_data();
    void every_command_explains_itself();
    void help_lists_the_rules_with_their_parameters();
    void wrong_command_lines_are_usage_errors_data();
    void wrong_command_lines_are_usage_errors();
    void a_missing_case_is_one_line_and_a_hint_data();
    void a_missing_case_is_one_line_and_a_hint();
    void what_is_no_case_is_refused();
    void a_folder_is_no_case();
    void an_empty_folder_is_no_evidence();
};

void Usage::help_is_data_and_names_every_command()
{
    const Ran help = run_cli({"--help"});
    QCOMPARE(help.code, 0);
    QCOMPARE(help.err, QByteArray());
    for (const QString& verb : verbs) QVERIFY2(help.out.contains(verb.toUtf8()), qPrintable(verb));
    QVERIFY(help.out.contains("Exit codes"));
    const Ran version = run_cli({"--version"});
    QCOMPARE(version.code, 0);
    QVERIFY(version.out.startsWith("fedsleuth-cli "));
}

void Usage::every_command_explains_itself_data()
{
    QTest::addColumn<QStringList>("command");
    for (const QString& verb : verbs) QTest::newRow(qPrintable(verb)) << QStringList{verb};
    for (const char* part : {"aggregate", "cluster", "gram"}) QTest::newRow(part) << QStringList{"compute", part};
}

void Usage::every_command_explains_itself()
{
    QFETCH(const QStringList, command);
    const Ran help = run_cli(command + QStringList{"--help"});
    QCOMPARE(help.code, 0);
    QCOMPARE(help.err, QByteArray());
    QVERIFY(help.out.contains("Examples:"));
    QVERIFY(help.out.contains("fedsleuth-cli " + command.join(' ').toUtf8()));
    QVERIFY(help.out.contains("Exit codes:"));
}

void Usage::help_lists_the_rules_with_their_parameters()
{
    for (const QStringList& command :
         {QStringList{"compute", "aggregate", "--help"}, QStringList{"aggregate", "--help"}}) {
        const Ran help = run_cli(command);
        for (const char* name : {"fedavg", "median", "trimmed-mean", "multi-krum", "variant"})
            QVERIFY2(help.out.contains(name), name);
    }
}

void Usage::wrong_command_lines_are_usage_errors_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QByteArray>("says");
    QTest::newRow("nothing") << QStringList{} << QByteArray("fedsleuth-cli");
    QTest::newRow("unknown command") << QStringList{"frobnicate"} << QByteArray("frobnicate");
    QTest::newRow("unknown option") << QStringList{"rounds", "--case", "x", "--nonsense"} << QByteArray("--nonsense");
    QTest::newRow("no case") << QStringList{"verdicts"} << QByteArray("--case");
    QTest::newRow("no folder") << QStringList{"ingest", "--case", "x"} << QByteArray("folder");
    QTest::newRow("format") << QStringList{"rounds", "--case", "x", "--format", "xml"} << QByteArray("--format");
    QTest::newRow("severity") << QStringList{"findings", "--case", "x", "--fail-on", "huge"} << QByteArray("--fail-on");
    QTest::newRow("class") << QStringList{"verdicts", "--case", "x", "--fail-on", "high"} << QByteArray("--fail-on");
    QTest::newRow("decision") << QStringList{"decide", "--case", "x", "--client", "a", "--as", "guilty", "--note", "n"}
                              << QByteArray("--as");
    QTest::newRow("no note") << QStringList{"decide", "--case", "x", "--client", "a", "--as", "clean"}
                             << QByteArray("--note");
    QTest::newRow("round") << QStringList{"aggregate", "--case", "x",     "--round", "one",
                                          "--rule",    "median", "--out", "y"}
                           << QByteArray("--round");
    QTest::newRow("compute alone") << QStringList{"compute"} << QByteArray("compute");
    QTest::newRow("not offered") << QStringList{"compute", "epsilon"} << QByteArray("epsilon");
    QTest::newRow("rule") << QStringList{"compute", "aggregate", "--rule", "magic", "--in", "x.npy"}
                          << QByteArray("median");
    QTest::newRow("parameter") << QStringList{"compute", "aggregate", "--rule", "krum", "--set", "g=1", "--in", "x.npy"}
                               << QByteArray("its parameters: f");
    QTest::newRow("no number") << QStringList{"compute", "aggregate", "--rule", "krum",
                                              "--set",   "f=two",     "--in",   "x.npy"}
                               << QByteArray("no number");
    QTest::newRow("no value") << QStringList{"compute", "aggregate", "--rule", "krum", "--set", "f", "--in", "x.npy"}
                              << QByteArray("name=value");
    QTest::newRow("no folder to write to") << QStringList{"simulate"} << QByteArray("--out");
    QTest::newRow("attack") << QStringList{"simulate", "--out", "x", "--attack", "magic"} << QByteArray("sign-flip");
    QTest::newRow("attack's parameter") << QStringList{"simulate", "--out", "x", "--attack", "alie,y=1"}
                                        << QByteArray("alie");
    QTest::newRow("attack's variant") << QStringList{"simulate", "--out", "x", "--attack", "noise:loud"}
                                      << QByteArray("variant");
    QTest::newRow("partition") << QStringList{"simulate", "--out", "x", "--partition", "dirichlet:much"}
                               << QByteArray("dirichlet:ALPHA");
    QTest::newRow("everybody attacks") << QStringList{"simulate", "--out",       "x", "--attack",
                                                      "noise",    "--attackers", "20"}
                                       << QByteArray("20 of 20");
    QTest::newRow("variant") << QStringList{"compute", "aggregate",    "--rule", "krum",
                                            "--set",   "variant=mine", "--in",   "x"}
                             << QByteArray("variant");
}

void Usage::wrong_command_lines_are_usage_errors()
{
    QFETCH(const QStringList, arguments);
    QFETCH(const QByteArray, says);
    const Ran ran = run_cli(arguments);
    QCOMPARE(ran.code, 2);
    QCOMPARE(ran.out, QByteArray());
    QVERIFY(ran.err.startsWith("fedsleuth-cli: "));
    QVERIFY2(ran.err.contains(says), ran.err.constData());
}

void Usage::a_missing_case_is_one_line_and_a_hint_data()
{
    QTest::addColumn<QStringList>("arguments");
    for (const char* verb : {"analyse", "verdicts", "rounds", "clients", "findings", "privacy", "rollback", "custody", "verify", "seal"})
        QTest::newRow(verb) << QStringList{verb};
    QTest::newRow("aggregate") << QStringList{"aggregate", "--round",           "1", "--rule", "median",
                                              "--out",     scratch("never.npz")};
    QTest::newRow("decide") << QStringList{"decide", "--client", "a", "--as", "clean", "--note", "n"};
    QTest::newRow("score") << QStringList{"score", "--truth", "t.json"};
}

void Usage::a_missing_case_is_one_line_and_a_hint()
{
    QFETCH(const QStringList, arguments);
    const QString path = fresh("missing.fedcase");
    const Ran ran = run_cli(arguments + QStringList{"--case", path});
    QCOMPARE(ran.code, 1);
    QCOMPARE(ran.out, QByteArray());
    QVERIFY(ran.err.startsWith("fedsleuth-cli: " + path.toUtf8() + ": there is no such case file\n"));
    QVERIFY(ran.err.contains("fedsleuth-cli ingest"));
    QVERIFY(!QFile::exists(path));
}

void Usage::what_is_no_case_is_refused()
{
    const QString path = fresh("text.fedcase");
    write_file(path, "this is no database at all, whatever its name says\n");
    for (const char* verb : {"verdicts", "analyse", "custody"}) {
        const Ran ran = run_cli({verb, "--case", path});
        QCOMPARE(ran.code, 1);
        QCOMPARE(ran.out, QByteArray());
        QVERIFY2(ran.err.startsWith("fedsleuth-cli: "), ran.err.constData());
        QVERIFY2(ran.err.contains(path.toUtf8()), ran.err.constData());
    }
    QCOMPARE(read_file(path), QByteArray("this is no database at all, whatever its name says\n"));
}

void Usage::a_folder_is_no_case()
{
    const Ran ran = run_cli({"verdicts", "--case", FEDSLEUTH_SOURCE "/resources/sample"});
    QCOMPARE(ran.code, 1);
    QVERIFY(ran.err.contains("is a folder"));
    QVERIFY(ran.err.contains("fedsleuth-cli ingest"));
}

void Usage::an_empty_folder_is_no_evidence()
{
    const QString folder = fresh("empty");
    QDir().mkpath(folder);
    const Ran empty = run_cli({"ingest", folder, "--case", fresh("empty.fedcase")});
    QCOMPARE(empty.code, 1);
    QCOMPARE(empty.out, QByteArray());
    QVERIFY2(empty.err.contains("federation.jsonl"), empty.err.constData());
    const Ran missing = run_cli({"ingest", scratch("nowhere"), "--case", fresh("empty.fedcase")});
    QCOMPARE(missing.code, 1);
    QVERIFY2(missing.err.contains("nowhere"), missing.err.constData());
}

QTEST_GUILESS_MAIN(Usage)
#include "tst_usage.moc"
