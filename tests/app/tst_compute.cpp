// SPDX-License-Identifier: GPL-3.0-or-later
// The bare mathematics: .npy in every form, rules, clusters and Gram matrices with known answers.
#include "app/cli_program.h"

#include <algorithm>
#include <cmath>
#include <QtEndian>
#include <QtTest>

namespace {

template <class Number>
QByteArray swapped_bytes(const std::vector<Number>& numbers)
{
    QByteArray bytes = bytes_of(numbers);
    for (qsizetype at = 0; at < bytes.size(); at += sizeof(Number))
        std::reverse(bytes.begin() + at, bytes.begin() + at + static_cast<qsizetype>(sizeof(Number)));
    return bytes;
}

Ran aggregate(const QString& in, const QStringList& more)
{
    return run_cli(QStringList{"compute", "aggregate", "--in", in, "--format", "json"} + more);
}

void close_to(const std::vector<double>& got, const std::vector<double>& expected, double tolerance = 1e-12)
{
    QCOMPARE(got.size(), expected.size());
    for (std::size_t at = 0; at < got.size(); ++at)
        QVERIFY2(std::abs(got[at] - expected[at]) <= tolerance * std::max(1.0, std::abs(expected[at])),
                 qPrintable(QString::number(got[at], 'g', 17) + " is not " + QString::number(expected[at], 'g', 17)));
}

}  // namespace

class Compute : public QObject {
    Q_OBJECT

private slots:
    void every_form_of_npy_is_read_data();
    void every_form_of_npy_is_read();
    void what_is_no_matrix_is_refused_data();
    void what_is_no_matrix_is_refused();
    void nothing_is_rounded_to_float32();
    void means_weigh_by_examples();
    void medians_and_trimmed_means_go_by_column();
    void krum_selects();
    void pre_aggregations_take_their_settings();
    void variants_that_do_not_differ_are_the_papers();
    void weights_have_to_fit();
    void rows_that_are_not_finite_are_refused();
    void clusters_of_two_blobs();
    void clusters_by_other_metrics();
    void gram_is_the_products_of_rows();
    void an_output_that_cannot_be_written_fails();
};

void Compute::every_form_of_npy_is_read_data()
{
    // One matrix [[1, 2, 3], [4, 5, 6]] in many dresses; its column means are 2.5, 3.5, 4.5.
    QTest::addColumn<QByteArray>("bytes");
    const std::vector<double> rows{1, 2, 3, 4, 5, 6};
    const std::vector<double> columns{1, 4, 2, 5, 3, 6};
    const std::vector<float> rows_f{1, 2, 3, 4, 5, 6};
    const std::vector<std::int64_t> rows_i{1, 2, 3, 4, 5, 6};
    const std::vector<quint16> rows_h{0x3c00, 0x4000, 0x4200, 0x4400, 0x4500, 0x4600};
    QTest::newRow("<f8") << npy_bytes("<f8", "(2, 3)", bytes_of(rows));
    QTest::newRow(">f8") << npy_bytes(">f8", "(2, 3)", swapped_bytes(rows));
    QTest::newRow("<f4") << npy_bytes("<f4", "(2, 3)", bytes_of(rows_f));
    QTest::newRow(">f4") << npy_bytes(">f4", "(2, 3)", swapped_bytes(rows_f));
    QTest::newRow("<f2") << npy_bytes("<f2", "(2, 3)", bytes_of(rows_h));
    QTest::newRow("<i8") << npy_bytes("<i8", "(2, 3)", bytes_of(rows_i));
    QTest::newRow("|u1") << npy_bytes("|u1", "(2, 3)", QByteArray("\1\2\3\4\5\6", 6));
    QTest::newRow("Fortran") << npy_bytes("<f8", "(2, 3)", bytes_of(columns), true);
    QTest::newRow("Fortran, >f8") << npy_bytes(">f8", "(2, 3)", swapped_bytes(columns), true);
    QByteArray version_2 = npy_bytes("<f8", "(2, 3)", bytes_of(rows));
    version_2[6] = 2;
    version_2.insert(10, QByteArray(2, '\0'));
    QTest::newRow("version 2") << version_2;
}

void Compute::every_form_of_npy_is_read()
{
    QFETCH(const QByteArray, bytes);
    const QString in = scratch("form.npy");
    write_file(in, bytes);
    const Ran ran = aggregate(in, {"--rule", "fedavg", "--out", fresh("mean.npy")});
    QVERIFY2(ran.code == 0, ran.err.constData());
    close_to(npy_values(scratch("mean.npy")), {2.5, 3.5, 4.5});
}

void Compute::what_is_no_matrix_is_refused_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QByteArray>("says");
    const std::vector<double> six{1, 2, 3, 4, 5, 6};
    const QByteArray good = npy_bytes("<f8", "(2, 3)", bytes_of(six));
    QTest::newRow("empty file") << QByteArray() << QByteArray("no .npy");
    QTest::newRow("text") << QByteArray("1,2,3\n4,5,6\n") << QByteArray("no .npy");
    QTest::newRow("vector") << npy_bytes("<f8", "(6,)", bytes_of(six)) << QByteArray("n rows by d columns");
    QTest::newRow("cube") << npy_bytes("<f8", "(1, 2, 3)", bytes_of(six)) << QByteArray("(1, 2, 3)");
    QTest::newRow("scalar") << npy_bytes("<f8", "()", bytes_of(std::vector<double>{1})) << QByteArray("shape ()");
    QTest::newRow("no rows") << npy_bytes("<f8", "(0, 3)", "") << QByteArray("no values");
    QTest::newRow("cut") << good.chopped(1) << QByteArray("promises 48 bytes");
    QTest::newRow("longer") << good + "x" << QByteArray("holds 49");
    QTest::newRow("cut header") << good.left(40) << QByteArray("header");
    QTest::newRow("huge") << npy_bytes("<f8", "(4611686018427387904, 4)", bytes_of(six)) << QByteArray("header");
    QTest::newRow("huge, no overflow of digits")
        << npy_bytes("<f8", "(99999999999, 99999999)", bytes_of(six)) << QByteArray("promises more");
    QTest::newRow("negative") << npy_bytes("<f8", "(-2, 3)", bytes_of(six)) << QByteArray("header");
    QTest::newRow("objects") << npy_bytes("|O", "(2, 3)", bytes_of(six)) << QByteArray("Python objects");
    QTest::newRow("complex") << npy_bytes("<c16", "(1, 3)", bytes_of(six)) << QByteArray("<c16");
    QTest::newRow("integers that no float64 holds")
        << npy_bytes("<i8", "(1, 1)", bytes_of(std::vector<std::int64_t>{(std::int64_t{1} << 53) + 1}))
        << QByteArray("2^53");
    QByteArray version_9 = good;
    version_9[6] = 9;
    QTest::newRow("version 9") << version_9 << QByteArray("version 9");
    QByteArray call = good;
    call.replace("False,", "f()  ,");
    QTest::newRow("an expression") << call << QByteArray("not as NumPy writes it");
}

void Compute::what_is_no_matrix_is_refused()
{
    QFETCH(const QByteArray, bytes);
    QFETCH(const QByteArray, says);
    const QString in = scratch("bad.npy");
    write_file(in, bytes);
    const Ran ran = aggregate(in, {"--rule", "fedavg"});
    QCOMPARE(ran.code, 1);
    QCOMPARE(ran.out, QByteArray());
    QVERIFY(ran.err.startsWith("fedsleuth-cli: " + in.toUtf8() + ": "));
    QVERIFY2(ran.err.contains(says), ran.err.constData());
}

void Compute::nothing_is_rounded_to_float32()
{
    const double third = 1.0 / 3;
    const QString in = scratch("thirds.npy");
    write_file(in, matrix_npy(3, {third, third, third}));
    for (const char* rule : {"fedavg", "median"}) {
        QCOMPARE(aggregate(in, {"--rule", rule, "--out", fresh("third.npy")}).code, 0);
        QVERIFY(std::abs(npy_values(scratch("third.npy"))[0] - third) < 1e-16);
    }
}

void Compute::means_weigh_by_examples()
{
    const QString in = scratch("weighted.npy");
    const QString weights = scratch("weights.npy");
    write_file(in, matrix_npy(2, {0, 0, 4, 8}));
    write_file(weights, npy_bytes("<i8", "(2,)", bytes_of(std::vector<std::int64_t>{30, 10})));
    const Ran ran = aggregate(in, {"--rule", "fedavg", "--weights", weights, "--out", fresh("y.npy")});
    QVERIFY2(ran.code == 0, ran.err.constData());
    close_to(npy_values(scratch("y.npy")), {1, 2});
    QCOMPARE(ran.json()["rule"].toString(), QStringLiteral("fedavg"));
    QCOMPARE(ran.json()["weights"][0].toDouble(), 0.75);
    QVERIFY(ran.json()["selected"].isNull());
    QVERIFY(ran.json()["scores"].isNull());
    QVERIFY(std::abs(ran.json()["norm"].toDouble() - std::sqrt(5.0)) < 1e-12);
    const QByteArray header = read_file(scratch("y.npy")).left(64);
    QVERIFY(header.contains("'descr': '<f8', 'fortran_order': False, 'shape': (2,)"));
}

void Compute::medians_and_trimmed_means_go_by_column()
{
    const QString in = scratch("columns.npy");
    write_file(in, matrix_npy(5, {1, 50, 2, 40, 3, 30, 4, 20, 1000, 10}));
    const Ran median = aggregate(in, {"--rule", "median", "--out", fresh("y.npy")});
    QVERIFY2(median.code == 0, median.err.constData());
    close_to(npy_values(scratch("y.npy")), {3, 30});
    QVERIFY(median.json()["weights"].isNull());
    const Ran trimmed = aggregate(in, {"--rule", "trimmed-mean", "--set", "count=1", "--out", fresh("y.npy")});
    QVERIFY2(trimmed.code == 0, trimmed.err.constData());
    close_to(npy_values(scratch("y.npy")), {3, 30});
    write_file(in, matrix_npy(4, {1, 2, 4, 1000}));
    QCOMPARE(aggregate(in, {"--rule", "median", "--out", fresh("y.npy")}).code, 0);
    close_to(npy_values(scratch("y.npy")), {3});  // the mean of the two in the middle
}

void Compute::pre_aggregations_take_their_settings()
{
    const QString in = scratch("x.npy");
    write_file(in, matrix_npy(4, {1, 0, 3, 0, 5, 0, 0, 8}));
    const auto vector = [&](const QStringList& more) {
        const Ran ran = aggregate(in, more + QStringList{"--out", fresh("y.npy")});
        return ran.code == 0 ? npy_values(scratch("y.npy")) : std::vector<double>{};
    };
    const QStringList buckets{"--rule", "median", "--pre", "bucketing", "--set", "shuffle=0"};
    close_to(vector(buckets + QStringList{"--set", "size=2"}), {2.25, 2});  // of (2, 0) and (2.5, 4)
    close_to(vector(buckets + QStringList{"--set", "s=3"}), {1.5, 4});      // of (3, 0) and (0, 8)
    close_to(vector({"--rule", "fedavg", "--pre", "clipping", "--set", "radius=2"}), {1.25, 0.5});
    close_to(
        vector({"--rule", "norm-clipping", "--set", "radius=1", "--pre", "clipping", "--set", "clipping.radius=2"}),
        {0.75, 0.25});
    close_to(vector({"--rule", "fedavg", "--pre", "clipping", "--set", "c=2", "--pre", "nnm", "--set", "f=3"}),
             {1.25, 0.5});  // n − f = 1: every update is its own nearest
    const Ran shuffled =
        aggregate(in, {"--rule", "krum", "--pre", "bucketing", "--seed", "5", "--set", "bucketing.size=1"});
    QCOMPARE(shuffled.json()["selected"].toArray().size(), 1);
    QCOMPARE(aggregate(in, {"--rule", "median", "--pre", "sorting"}).code, 2);
    QCOMPARE(aggregate(in, {"--rule", "median", "--pre", "nnm", "--set", "radius=2"}).code, 2);
}

void Compute::variants_that_do_not_differ_are_the_papers()
{
    const QString in = scratch("x.npy");
    write_file(in, matrix_npy(3, {1, 2, 3, 4, 5, 9}));
    for (const char* variant : {"variant=paper", "variant=byzfl", "variant=flower", "variant=flower_serverapp"})
        QCOMPARE(aggregate(in, {"--rule", "median", "--set", variant}).code, 0);
    QCOMPARE(aggregate(in, {"--rule", "median", "--set", "variant=blades"}).code, 2);
}

void Compute::krum_selects()
{
    // On a line: 0, 1, 2, 3, 100 with f = 1. Krum's score is the sum of squares to the n − f − 2 = 2 nearest others:
    // 5, 2, 2, 5, 98² ... so the first of the tied middle ones is selected.
    const QString in = scratch("line.npy");
    write_file(in, matrix_npy(5, {0, 1, 2, 3, 100}));
    const Ran ran = aggregate(in, {"--rule", "krum", "--set", "f=1", "--out", fresh("y.npy")});
    QVERIFY2(ran.code == 0, ran.err.constData());
    close_to(npy_values(scratch("y.npy")), {1});
    QCOMPARE(ran.json()["selected"].toArray().size(), 1);
    QCOMPARE(ran.json()["selected"][0].toInt(), 1);
    const QJsonArray scores = ran.json()["scores"].toArray();
    QCOMPARE(scores.size(), 5);
    QCOMPARE(scores[0].toDouble(), 5.0);
    QCOMPARE(scores[1].toDouble(), 2.0);
    QCOMPARE(scores[4].toDouble(), 98.0 * 98 + 97.0 * 97);
}

void Compute::weights_have_to_fit()
{
    const QString in = scratch("two.npy");
    write_file(in, matrix_npy(2, {1, 2, 3, 4}));
    write_file(scratch("three.npy"), vector_npy({1, 2, 3}));
    const Ran ran = aggregate(in, {"--rule", "fedavg", "--weights", scratch("three.npy")});
    QCOMPARE(ran.code, 1);
    QVERIFY(ran.err.contains("holds 3 weights for 2 rows"));
    QCOMPARE(aggregate(in, {"--rule", "fedavg", "--weights", in}).code, 1);
}

void Compute::rows_that_are_not_finite_are_refused()
{
    const QString in = scratch("nan.npy");
    write_file(in, matrix_npy(3, {1, 2, std::nan(""), 4, 5, 6}));
    for (const char* rule : {"fedavg", "median", "krum"}) {
        const Ran ran = aggregate(in, {"--rule", rule, "--out", fresh("never.npy")});
        QCOMPARE(ran.code, 1);
        QVERIFY2(ran.err.contains("1"), ran.err.constData());
        QVERIFY(!QFile::exists(scratch("never.npy")));
    }
    const QString square = scratch("nan3.npy");
    write_file(square, matrix_npy(3, {0, 1, 2, 1, 0, HUGE_VAL, 2, 3, 0}));
    for (const char* metric : {"euclidean", "cosine", "precomputed"}) {
        const Ran ran = run_cli({"compute", "cluster", "--in", square, "--metric", metric, "--min-cluster-size", "2"});
        QCOMPARE(ran.code, 1);
        QVERIFY2(ran.err.contains("row 1") && ran.err.contains("column 2"), ran.err.constData());
    }
}

void Compute::clusters_of_two_blobs()
{
    // Two groups of five on a line, far apart, and one point between: it is noise.
    const QString in = scratch("blobs.npy");
    write_file(in, matrix_npy(11, {0, 0.1, 0.2, 0.3, 0.4, 10, 10.1, 10.2, 10.3, 10.4, 5.2}));
    const Ran ran = run_cli(
        {"compute", "cluster", "--in", in, "--min-cluster-size", "4", "--min-samples", "1", "--format", "json"});
    QVERIFY2(ran.code == 0, ran.err.constData());
    const QJsonArray labels = ran.json()["labels"].toArray();
    QCOMPARE(labels.size(), 11);
    for (int idx = 1; idx < 5; ++idx) QCOMPARE(labels[idx], labels[0]);
    for (int idx = 6; idx < 10; ++idx) QCOMPARE(labels[idx], labels[5]);
    QVERIFY(labels[0] != labels[5]);
    for (const char* key : {"probabilities", "outlier_scores"})
        QCOMPARE(ran.json()[QLatin1String(key)].toArray().size(), 11);
    QCOMPARE(ran.json()["persistence"].toArray().size(), 2);
    const QJsonArray merges = ran.json()["merge_distances"].toArray();
    QCOMPARE(merges.size(), 10);
    for (int idx = 0; idx < 8; ++idx) QVERIFY(std::abs(merges[idx].toDouble() - 0.1) < 1e-9);
    QVERIFY(std::abs(merges[9].toDouble() - 4.8) < 1e-9);
    QCOMPARE(run_cli({"compute", "cluster", "--in", in, "--min-cluster-size", "4"}).code, 0);
    QCOMPARE(
        run_cli({"compute", "cluster", "--in", in, "--min-cluster-size", "4", "--method", "leaf", "--format", "csv"})
            .out.count("\r\n"),
        12);
}

void Compute::clusters_by_other_metrics()
{
    // Directions 0° and 90°, lengths all over: only the cosine sees two groups. The same by its distance matrix.
    const QString in = scratch("directions.npy");
    write_file(in, matrix_npy(6, {1, 0, 5, 0.01, 20, 0.01, 0, 1, 0.01, 7, 0.02, 30}));
    const QStringList options{"--min-cluster-size", "3", "--min-samples", "1", "--format", "json"};
    const Ran cosine = run_cli(QStringList{"compute", "cluster", "--in", in, "--metric", "cosine"} + options);
    QVERIFY2(cosine.code == 0, cosine.err.constData());
    QCOMPARE(cosine.json()["labels"].toArray(), (QJsonArray{0, 0, 0, 1, 1, 1}));
    const std::vector<double> rows{1, 0, 5, 0.01, 20, 0.01, 0, 1, 0.01, 7, 0.02, 30};
    std::vector<double> distances(36);
    for (std::size_t i = 0; i < 6; ++i)
        for (std::size_t j = 0; j < 6; ++j) {
            const double* a = &rows[2 * i];
            const double* b = &rows[2 * j];
            if (i != j)
                distances[6 * i + j] =
                    1 - (a[0] * b[0] + a[1] * b[1]) / std::hypot(a[0], a[1]) / std::hypot(b[0], b[1]);
        }
    write_file(scratch("distances.npy"), matrix_npy(6, distances));
    const Ran precomputed = run_cli(
        QStringList{"compute", "cluster", "--in", scratch("distances.npy"), "--metric", "precomputed"} + options);
    QVERIFY2(precomputed.code == 0, precomputed.err.constData());
    QCOMPARE(precomputed.json()["labels"], cosine.json()["labels"]);
    const Ran oblong = run_cli(QStringList{"compute", "cluster", "--in", in, "--metric", "precomputed"} + options);
    QCOMPARE(oblong.code, 1);
    QVERIFY2(oblong.err.contains("6 by 2"), oblong.err.constData());
    QCOMPARE(run_cli(QStringList{"compute", "cluster", "--in", in, "--metric", "hamming"} + options).code, 2);
    QCOMPARE(run_cli({"compute", "cluster", "--in", in}).code, 2);
}

void Compute::gram_is_the_products_of_rows()
{
    const double third = 1.0 / 3;
    write_file(scratch("rows.npy"), matrix_npy(3, {1, 2, 3, 4, third, 0}));
    const Ran ran =
        run_cli({"compute", "gram", "--in", scratch("rows.npy"), "--out", fresh("G.npy"), "--format", "json"});
    QVERIFY2(ran.code == 0, ran.err.constData());
    close_to(npy_values(scratch("G.npy")), {5, 11, third, 11, 25, 1, third, 1, third * third}, 1e-15);
    QVERIFY(read_file(scratch("G.npy")).contains("'shape': (3, 3)"));
}

void Compute::an_output_that_cannot_be_written_fails()
{
    write_file(scratch("rows.npy"), matrix_npy(2, {1, 2, 3, 4}));
    const QString nowhere = scratch("no/such/folder/y.npy");
    for (const QStringList& command :
         {QStringList{"compute", "gram"}, QStringList{"compute", "aggregate", "--rule", "median"}}) {
        const Ran ran = run_cli(command + QStringList{"--in", scratch("rows.npy"), "--out", nowhere});
        QCOMPARE(ran.code, 1);
        QVERIFY2(ran.err.contains("can't be written"), ran.err.constData());
    }
}

QTEST_GUILESS_MAIN(Compute)
#include "tst_compute.moc"
