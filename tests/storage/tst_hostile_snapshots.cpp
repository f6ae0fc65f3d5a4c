// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/evidence_builders.h"

using namespace fedsleuth;
using namespace fedsleuth::tests;
using model::ElementType;

/// Each file of tests/fixtures/hostile, for exactly what its README demands.
class TestHostileSnapshots : public QObject {
    Q_OBJECT

    static Opened open(const std::string& name) { return storage::open_snapshot(fixture("hostile/" + name)); }

private slots:
    void gives_what_must_be_given_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("format");
        QTest::addColumn<int>("type");
        QTest::addColumn<QList<qint64>>("shape");
        QTest::addColumn<QList<float>>("expected");
        const auto row = [](const char* file, const char* format, ElementType type, QList<qint64> shape,
                            QList<float> values) {
            QTest::newRow(file) << file << format << static_cast<int>(type) << shape << values;
        };
        row("f4_2x2.npy", "npy", ElementType::float32, {2, 2}, {1, 2, 3, 4});
        row("f4_fortran.npy", "npy", ElementType::float32, {2, 2}, {1, 2, 3, 4});
        row("f8_be.npy", "npy", ElementType::float64, {2}, {1, -2});
        row("f2_v2.npy", "npy", ElementType::float16, {2}, {1, -2});
        row("bf16_V2.npy", "npy", ElementType::bfloat16, {2}, {1, -2});
        row("ok.safetensors", "safetensors", ElementType::float32, {2}, {1, 2});
    }
    void gives_what_must_be_given()
    {
        QFETCH(QString, file);
        QFETCH(QString, format);
        QFETCH(int, type);
        QFETCH(QList<qint64>, shape);
        QFETCH(QList<float>, expected);
        const Opened snapshot = open(file.toStdString());
        OPENED(snapshot);
        QCOMPARE(QString::fromUtf8((*snapshot)->format().data()), format);
        QCOMPARE((*snapshot)->tensors().size(), std::size_t{1});
        const model::TensorInfo& info = (*snapshot)->tensors()[0];
        QCOMPARE(static_cast<int>(info.type), type);
        QCOMPARE(QList<qint64>(info.shape.begin(), info.shape.end()), shape);
        const std::vector<float> read = values(**snapshot);
        QCOMPARE(QList<float>(read.begin(), read.end()), expected);
    }

    void tells_raw_bytes_taken_for_bfloat16()
    {
        const Opened snapshot = open("bf16_V2.npy");
        OPENED(snapshot);
        QCOMPARE((*snapshot)->notes().size(), std::size_t{1});
        QVERIFY((*snapshot)->notes()[0].find("taken for bfloat16") != std::string::npos);
    }

    void keeps_an_integer_out_of_the_arithmetic()
    {
        const Opened snapshot = open("scalar_i8.npy");
        OPENED(snapshot);
        QVERIFY((*snapshot)->tensors()[0].shape.empty());
        QCOMPARE((*snapshot)->tensors()[0].count, std::int64_t{1});
        const auto integers = (*snapshot)->integers(0);
        QVERIFY(integers.has_value());
        QCOMPARE(*integers, std::vector<std::int64_t>{7});
        float value = 0;
        REFUSED((*snapshot)->read(0, 0, 1, &value), invalid_argument, "holds integers, not floats");
    }

    void sorts_numbered_arrays_by_number()
    {
        const Opened snapshot = open("eleven.npz");
        OPENED(snapshot);
        QVERIFY(!(*snapshot)->named());
        QCOMPARE((*snapshot)->tensors().size(), std::size_t{11});
        for (std::size_t idx = 0; idx < 11; ++idx) {
            QCOMPARE((*snapshot)->tensors()[idx].name, "arr_" + std::to_string(idx));
            QCOMPARE(values(**snapshot, idx), std::vector<float>{static_cast<float>(idx)});
        }
        QVERIFY((*snapshot)->notes().empty());
    }

    void gives_tied_tensors_and_their_transpose()
    {
        const Opened snapshot = open("tied.pt");
        OPENED(snapshot);
        QVERIFY((*snapshot)->named());
        QCOMPARE((*snapshot)->tensors().size(), std::size_t{2});
        QCOMPARE((*snapshot)->tensors()[0].name, std::string("w"));
        QCOMPARE((*snapshot)->tensors()[1].name, std::string("w_tied_T"));
        QCOMPARE(values(**snapshot, 0), (std::vector<float>{1, 2, 3, 4}));
        QCOMPARE(values(**snapshot, 1), (std::vector<float>{1, 3, 2, 4}));
    }

    void refuses_what_must_be_refused()
    {
        REFUSED(open("object.npy"), refused, "object.npy: refused: an object array, whose payload is a pickle");
        REFUSED(open("short.npy"), malformed, "promises 16 bytes of numbers, but only 12 follow the header");
        REFUSED(open("hole.safetensors"), malformed,
                "tensor \"b\": begins at byte 8 of the data: bytes 4 to 7 belong to no tensor");
        REFUSED(open("trailing.safetensors"), malformed, "1 byte follows the last tensor");
        REFUSED(open("dup.safetensors"), malformed, "holds the name \"w\" twice");
        REFUSED(open("bigheader.safetensors"), limit, "promises a header of 100000001 bytes");
        REFUSED(open("oob_stride.pt"), malformed, "tensor \"w\": leaves its storage: it reaches element 5 of 4");
    }

    void refuses_a_foreign_global_by_name()
    {
        const Opened snapshot = open("global_print.pt");
        REFUSED(snapshot, refused, "refused: its pickle asks for builtins.print");
        QCOMPARE(snapshot.error().message, std::string("refused: its pickle asks for builtins.print"));
        QCOMPARE(snapshot.error().where, std::string("global_print.pt: entry \"archive/data.pkl\", byte 2"));
        QVERIFY(!snapshot.error().hint.empty());
    }
};

QTEST_GUILESS_MAIN(TestHostileSnapshots)
#include "tst_hostile_snapshots.moc"
