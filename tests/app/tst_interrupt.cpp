// SPDX-License-Identifier: GPL-3.0-or-later
// Ctrl-C during ingest, and following a log that grows.
#include "app/cli_program.h"

#include <csignal>
#include <QElapsedTimer>
#include <QtTest>

namespace {

QByteArray update_line(int round, const QByteArray& client, const QByteArray& path, const QByteArray& sha256)
{
    return "{\"type\": \"update\", \"round\": " + QByteArray::number(round) + ", \"client\": \"" + client +
           "\", \"num_examples\": 10, \"path\": \"" + path + "\", \"sha256\": \"" + sha256 + "\"}\n";
}

QByteArray federation_line(int coordinates)
{
    return "{\"type\": \"federation\", \"format\": \"fedsleuth/1\", \"name\": \"test\", \"update_kind\": \"delta\", "
           "\"aggregation\": {\"rule\": \"fedavg\", \"weighted_by\": \"equal\", \"server_learning_rate\": 1.0}, "
           "\"layers\": [{\"name\": \"w\", \"shape\": [" +
           QByteArray::number(coordinates) + "]}]}\n";
}

void write_update(const QString& path, int coordinates, float first)
{
    std::vector<float> values(static_cast<std::size_t>(coordinates), 0.5F);
    values[0] = first;
    write_file(path, npy_bytes("<f4", "(" + QByteArray::number(coordinates) + ",)", bytes_of(values)));
}

void send(const QProcess& process, int signal) { ::kill(static_cast<pid_t>(process.processId()), signal); }

}  // namespace

class Interrupt : public QObject {
    Q_OBJECT

private slots:
    void ingest_stops_and_goes_on();
    void following_takes_in_what_is_added();
};

void Interrupt::ingest_stops_and_goes_on()
{
    // Much to read from few files: the log names the same ones in every round.
    constexpr int coordinates = 1'000'000;
    constexpr int rounds = 400;
    const QString folder = fresh("long");
    QByteArray log = federation_line(coordinates);
    for (const QByteArray client : {"a", "b", "c"}) {
        const QByteArray path = "updates/" + client + ".npy";
        write_update(folder + "/" + path, coordinates, static_cast<float>(client[0]));
        const QByteArray sha256 = sha256_of(folder + "/" + path);
        for (int round = 1; round <= rounds; ++round) log += update_line(round, client, path, sha256);
    }
    write_file(folder + "/federation.jsonl", log);
    const QString case_path = fresh("long.fedcase");

    QProcess process;
    process.start(FEDSLEUTH_CLI, {"ingest", folder, "--case", case_path});
    QVERIFY(process.waitForStarted());
    QTRY_VERIFY_WITH_TIMEOUT(QFileInfo(case_path).size() > 0, 20'000);
    QTest::qWait(300);
    QCOMPARE(process.state(), QProcess::Running);
    QElapsedTimer timer;
    timer.start();
    send(process, SIGINT);
    QVERIFY(process.waitForFinished(20'000));
    QVERIFY2(timer.elapsed() < 5'000, "a stop has to stop");
    QCOMPARE(process.exitStatus(), QProcess::NormalExit);
    QCOMPARE(process.exitCode(), 1);
    QCOMPARE(process.readAllStandardOutput(), QByteArray());
    const QByteArray talk = process.readAllStandardError();
    QVERIFY2(talk.contains("are kept"), talk.constData());
    QVERIFY2(talk.contains("goes on from there"), talk.constData());

    const Ran again = run_cli({"ingest", folder, "--case", case_path, "--format", "json"});
    QVERIFY2(again.code == 0, again.err.constData());
    QVERIFY(again.json()["rounds"].toInt() <= rounds);
    const Ran all = run_cli({"rounds", "--case", case_path, "--format", "json"});
    QCOMPARE(all.json()["rounds"].toArray().size(), qsizetype{rounds});
    for (const QJsonValue& round : all.json()["rounds"].toArray()) {
        QCOMPARE(round["received"].toInt(), 3);
        QVERIFY2(round["selected"].isNull(), "no round line says who was selected");
        QVERIFY(round["failed"].isNull());
    }
}

void Interrupt::following_takes_in_what_is_added()
{
    constexpr int coordinates = 8;
    const QString folder = fresh("growing");
    write_update(folder + "/updates/a1.npy", coordinates, 1);
    write_update(folder + "/updates/a2.npy", coordinates, 2);
    const QByteArray first =
        federation_line(coordinates) + update_line(1, "a", "updates/a1.npy", sha256_of(folder + "/updates/a1.npy"));
    write_file(folder + "/federation.jsonl", first);
    const QString case_path = fresh("growing.fedcase");

    QProcess process;
    process.start(FEDSLEUTH_CLI, {"ingest", folder, "--case", case_path, "--follow"});
    QVERIFY(process.waitForStarted());
    const auto rounds = [&] {
        return run_cli({"rounds", "--case", case_path, "--format", "json"}).json()["rounds"].toArray().size();
    };
    QTRY_COMPARE_WITH_TIMEOUT(rounds(), qsizetype{1}, 20'000);
    write_file(folder + "/federation.jsonl",
               first + update_line(2, "a", "updates/a2.npy", sha256_of(folder + "/updates/a2.npy")));
    QTRY_COMPARE_WITH_TIMEOUT(rounds(), qsizetype{2}, 20'000);
    QTest::qWait(200);
    send(process, SIGINT);
    QVERIFY(process.waitForFinished(10'000));
    QCOMPARE(process.exitCode(), 0);  // ended between two looks: nothing is missing
    const QByteArray talk = process.readAllStandardError();
    QVERIFY2(talk.contains("Following"), talk.constData());
    QVERIFY2(talk.contains("Stopped following"), talk.constData());
}

QTEST_GUILESS_MAIN(Interrupt)
#include "tst_interrupt.moc"
