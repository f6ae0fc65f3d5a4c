// SPDX-License-Identifier: GPL-3.0-or-later
// simulate: what it writes is evidence like any other, and the same options write the same bytes.
#include "app/cli_program.h"

#include <QtTest>

namespace {

const QStringList small{"simulate", "--clients", "8",         "--rounds",    "6", "--examples", "40", "--hidden",
                        "12",       "--attack",  "sign-flip", "--attackers", "2", "--onset",    "3"};

QByteArray contents(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

/// Every file of a folder, by its path within it.
QMap<QString, QByteArray> files_of(const QString& folder)
{
    QMap<QString, QByteArray> files;
    QDirIterator all(folder, QDir::Files, QDirIterator::Subdirectories);
    while (all.hasNext()) {
        const QString path = all.next();
        files[QDir(folder).relativeFilePath(path)] = contents(path);
    }
    return files;
}

}  // namespace

class Simulate : public QObject {
    Q_OBJECT

private slots:
    void a_simulation_is_a_case_like_any_other_data()
    {
        QTest::addColumn<QStringList>("more");
        QTest::newRow("npz, signed") << QStringList{"--signed"};
        QTest::newRow("npy") << QStringList{"--snapshots", "npy"};
        QTest::newRow("safetensors, signed") << QStringList{"--snapshots", "safetensors", "--signed"};
        QTest::newRow("another rule") << QStringList{"--rule", "trimmed-mean", "--set", "count=2"};
        QTest::newRow("partial participation")
            << QStringList{"--participation", "0.6",           "--dropout",       "0.2", "--stragglers",    "0.5",
                           "--partition",     "dirichlet:0.5", "--quantity-skew", "0.5", "--noisy-clients", "0.2"};
        QTest::newRow("private") << QStringList{"--noise-multiplier", "1", "--clip", "0.5", "--epsilon-budget", "100"};
        QTest::newRow("a model of its own") << QStringList{"--data", "mixture", "--model", "softmax"};
    }
    void a_simulation_is_a_case_like_any_other()
    {
        QFETCH(const QStringList, more);
        const QString folder = fresh("run"), file = fresh("run.fedcase");
        const Ran made = run_cli(small + more + QStringList{"--out", folder, "--format", "json"});
        QVERIFY2(made.code == 0, made.err.constData());
        QCOMPARE(made.json()["rounds"].toArray().size(), 6);
        const Ran taken = run_cli({"ingest", folder, "--case", file, "--format", "json"});
        QVERIFY2(taken.code == 0, taken.err.constData());
        QCOMPARE(taken.json()["issues"].toInt(-1), 0);
        QCOMPARE(taken.json()["updates"].toInt(), made.json()["updates"].toInt());
        const Ran analysed = run_cli({"analyse", "--case", file});
        QVERIFY2(analysed.code == 0, analysed.err.constData());
        const Ran scored = run_cli({"score", "--case", file, "--truth", folder + "/truth.json", "--format", "json"});
        QVERIFY2(scored.code == 0, scored.err.constData());
        QCOMPARE(scored.json()["attack"].toString(), QString("sign-flip"));
        QCOMPARE(scored.json()["clients"].toArray().size(), 8);
        int malicious = 0;
        for (const QJsonValue client : scored.json()["clients"].toArray())
            malicious += client["truth"].toString() == "malicious" ? 1 : 0;
        QCOMPARE(malicious, made.json()["attackers"].toArray().size());
        // An honest recording raises nothing about identity, digests or the server's own arithmetic.
        const Ran findings = run_cli({"findings", "--case", file, "--format", "json"});
        QCOMPARE(findings.code, 0);
        for (const QJsonValue finding : findings.json()["findings"].toArray()) {
            const QString kind = finding["kind"].toString();
            for (const char* wrong : {"signature", "certificate", "digest", "checkpoint-mismatch", "import-issue",
                                      "privacy-", "unknown-client", "missing-update", "shape-mismatch"})
                QVERIFY2(!kind.startsWith(QLatin1String(wrong)), qPrintable(kind + ": " + finding["text"].toString()));
        }
    }

    void a_tampering_server_is_found()
    {
        const QString folder = fresh("tampered"), file = fresh("tampered.fedcase");
        const QStringList tamper{"--tampered-round", "4", "--tampering", "3", "--out", folder};
        QCOMPARE(run_cli(small + tamper).code, 0);
        const QJsonObject truth = QJsonDocument::fromJson(read_file(folder + "/truth.json")).object();
        QCOMPARE(truth["tampered_checkpoints"].toArray(), QJsonArray{4});
        QCOMPARE(run_cli({"ingest", folder, "--case", file}).code, 0);
        QCOMPARE(run_cli({"analyse", "--case", file}).code, 0);
        const Ran findings = run_cli({"findings", "--case", file, "--format", "json"});
        int found = 0;
        for (const QJsonValue finding : findings.json()["findings"].toArray()) {
            if (finding["kind"].toString() != "checkpoint-mismatch") continue;
            ++found;
            QCOMPARE(finding["round"].toInt(), 4);
            // Nearly at right angles to the step, so that what was shipped is √(1 + 3²) steps long.
            const QJsonValue evidence = finding["evidence"];
            QVERIFY(qAbs(evidence["residual"].toDouble() - 3 / std::sqrt(10.0)) < 0.05);
        }
        QCOMPARE(found, 1);
        QCOMPARE(run_cli(small + QStringList{"--tampered-round", "99", "--out", fresh("never")}).code, 2);
    }

    void the_same_options_write_the_same_bytes()
    {
        const QString one = fresh("one"), two = fresh("two"), other = fresh("other");
        const QStringList more{"--signed", "--attack", "noise:matched,attackers=1"};
        QCOMPARE(run_cli(small + more + QStringList{"--out", one}).code, 0);
        QCOMPARE(run_cli(small + more + QStringList{"--out", two, "--threads", "2"}).code, 0);
        QCOMPARE(run_cli(small + more + QStringList{"--out", other, "--seed", "2"}).code, 0);
        const auto files = files_of(one);
        QVERIFY(files.contains("federation.jsonl") && files.contains("truth.json") && files.contains("certs/ca.pem"));
        QVERIFY(files.contains("probe.npz"));  // and no misclassified.npz: noise wants no certain answer
        QCOMPARE(files.size(), 3 + 3 + 8 + 7 + 48);
        QVERIFY(files == files_of(two));
        QVERIFY(files != files_of(other));
    }

    void images_of_ones_own_can_be_learned()
    {
        // Two classes of 4 × 4 images: one half white, or the other.
        QByteArray images = QByteArray::fromHex("00000803000000280000000800000008"), labels;
        labels = QByteArray::fromHex("0000080100000028");
        for (int image = 0; image < 40; ++image) {
            const char upper = image % 2 == 0 ? char(0xff) : char(0), lower = image % 2 == 0 ? char(0) : char(0xff);
            images += QByteArray(32, upper) + QByteArray(32, lower);
            labels += char(image % 2);
        }
        write_file(scratch("images"), images);
        write_file(scratch("labels"), labels);
        const QStringList run{"simulate", "--clients", "4", "--rounds", "4", "--examples", "20", "--format", "json"};
        const QStringList mine{"--images", scratch("images"), "--labels", scratch("labels")};
        const Ran made = run_cli(run + mine + QStringList{"--out", fresh("idx")});
        QVERIFY2(made.code == 0, made.err.constData());
        QCOMPARE(made.json()["coordinates"].toInt(), 64 * 24 + 24 + 24 * 2 + 2);
        QCOMPARE(made.json()["rounds"].toArray().last()["accuracy"].toDouble(), 1.0);

        write_file(scratch("labels"), labels.chopped(1));
        const Ran broken = run_cli(run + mine + QStringList{"--out", fresh("idx")});
        QCOMPARE(broken.code, 1);
        QVERIFY2(broken.err.contains("promises 40 bytes of data and holds 39"), broken.err.constData());
        const Ran alone = run_cli(run + QStringList{"--images", scratch("images"), "--out", fresh("idx")});
        QCOMPARE(alone.code, 2);
    }

    void what_can_be_chosen_is_listed()
    {
        const Ran list = run_cli({"simulate", "--list"});
        QCOMPARE(list.code, 0);
        QVERIFY(list.is_json());
        const QJsonArray attacks = list.json()["attacks"].toArray();
        QVERIFY(attacks.size() >= 20);
        const Ran help = run_cli({"simulate", "--help"});
        for (const QJsonValue attack : attacks) {
            QVERIFY(help.out.contains(attack["name"].toString().toUtf8()));
            QVERIFY(!attack["label"].toString().isEmpty() && attack["family"].toString() != "unknown");
        }
        QVERIFY(list.json()["rules"].toArray().size() >= 5);
    }

    void a_folder_that_is_not_empty_is_left_alone()
    {
        const QString folder = fresh("full");
        write_file(folder + "/mine", "x");
        const Ran made = run_cli(small + QStringList{"--out", folder});
        QCOMPARE(made.code, 1);
        QVERIFY(made.err.contains("not empty"));
        QCOMPARE(files_of(folder).size(), 1);
    }
};

QTEST_GUILESS_MAIN(Simulate)
#include "tst_simulate.moc"
