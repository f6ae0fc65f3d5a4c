// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/evidence/probe_file.h"
#include "storage/evidence_builders.h"

using namespace fedsleuth;
using namespace fedsleuth::tests;
using storage::ProbeLabels;

class TestProbeFile : public QObject {
    Q_OBJECT

    static ZipPart array(const std::string& name, const std::string& descr, const std::string& shape,
                         const std::string& payload)
    {
        return {name + ".npy", npy(npy_dict(descr, shape), payload), false, {}, {}, 0, {}};
    }
    static model::Result<model::ProbeSet> read(const std::vector<ZipPart>& parts,
                                               ProbeLabels labels = ProbeLabels::required,
                                               const storage::ProbeLimits& limits = {})
    {
        return storage::read_probe_set(write_file("probe.npz", zip(parts)), labels, limits);
    }

private slots:
    void reads_either_name_and_any_number_type()
    {
        const std::string six = floats({1, 2, 3, 4, 5, 6});
        for (const auto& [x, y] : {std::pair("x", "y"), std::pair("inputs", "labels")}) {
            const auto set = read({array(x, "<f4", "(2, 3)", six), array(y, "<i8", "(2,)", raw<std::int64_t>({7, 0})),
                                   array("other", "<f4", "(1,)", floats({9}))});
            QVERIFY2(set.has_value(), set ? "" : set.error().text().c_str());
            QCOMPARE(set->rows, std::size_t{2});
            QCOMPARE(set->shape, std::vector<std::int64_t>{3});
            QCOMPARE(set->inputs, (std::vector<float>{1, 2, 3, 4, 5, 6}));
            QCOMPARE(set->labels, (std::vector<std::int32_t>{7, 0}));
            QCOMPARE(set->sha256.size(), std::size_t{64});
        }
        const auto bytes = read({array("x", "|u1", "(2, 1, 2)", std::string("\x00\xff\x01\x02", 4)),
                                 array("y", "<f8", "(2, 1)", raw<double>({3, 4}))});
        QVERIFY2(bytes.has_value(), bytes ? "" : bytes.error().text().c_str());
        QCOMPARE(bytes->shape, (std::vector<std::int64_t>{1, 2}));
        QCOMPARE(bytes->inputs, (std::vector<float>{0, 255, 1, 2}));
        QCOMPARE(bytes->labels, (std::vector<std::int32_t>{3, 4}));
    }

    void takes_a_single_input_without_rows()
    {
        const auto vector = read({array("x", "<f4", "(3,)", floats({1, 2, 3}))}, ProbeLabels::optional);
        QVERIFY(vector.has_value());
        QCOMPARE(vector->rows, std::size_t{1});
        QVERIFY(vector->labels.empty());
        const auto image =
            read({array("x", "<f4", "(2, 2)", floats({1, 2, 3, 4})), array("y", "<i4", "()", little(6, 4))});
        QVERIFY2(image.has_value(), image ? "" : image.error().text().c_str());
        QCOMPARE(image->rows, std::size_t{1});
        QCOMPARE(image->shape, (std::vector<std::int64_t>{2, 2}));
        const auto row =
            read({array("x", "<f4", "(1, 4)", floats({1, 2, 3, 4})), array("y", "<i4", "(1,)", little(6, 4))});
        QVERIFY(row.has_value());
        QCOMPARE(row->shape, std::vector<std::int64_t>{4});
    }

    void refuses_with_the_reason_data()
    {
        QTest::addColumn<int>("which");
        QTest::addColumn<QString>("reason");
        QTest::newRow("no inputs") << 0 << "holds no inputs";
        QTest::newRow("no labels") << 1 << "holds no labels";
        QTest::newRow("both names") << 2 << "holds both";
        QTest::newRow("rows differ") << 3 << "there are 3 labels";
        QTest::newRow("one-hot") << 4 << "one class number a row";
        QTest::newRow("negative") << 5 << "class numbers";
        QTest::newRow("half a class") << 6 << "class numbers";
        QTest::newRow("NaN label") << 7 << "class numbers";
        QTest::newRow("NaN input") << 8 << "not finite";
        QTest::newRow("beyond float32") << 9 << "not finite";
        QTest::newRow("scalar input") << 10 << "holds no input";
        QTest::newRow("no rows") << 11 << "holds no input";
        QTest::newRow("no label at all") << 12 << "holds no label";
    }
    void refuses_with_the_reason()
    {
        QFETCH(int, which);
        QFETCH(QString, reason);
        const ZipPart x = array("x", "<f4", "(2, 2)", floats({1, 2, 3, 4})),
                      y = array("y", "<i4", "(2,)", little(1, 4) + little(0, 4));
        const float nan = std::numeric_limits<float>::quiet_NaN();
        const std::vector<std::vector<ZipPart>> files{{y},
                                                      {x},
                                                      {x, y, array("inputs", "<f4", "(1,)", floats({1}))},
                                                      {x, array("y", "<i4", "(3,)", raw<std::int32_t>({1, 2, 3}))},
                                                      {x, array("y", "<f4", "(2, 2)", floats({0, 1, 1, 0}))},
                                                      {x, array("y", "<i4", "(2,)", raw<std::int32_t>({1, -1}))},
                                                      {x, array("y", "<f4", "(2,)", floats({1, 0.5}))},
                                                      {x, array("y", "<f4", "(2,)", floats({1, nan}))},
                                                      {array("x", "<f4", "(2, 2)", floats({1, 2, nan, 4})), y},
                                                      {array("x", "<f8", "(2, 1)", raw<double>({1, 1e300})), y},
                                                      {array("x", "<f4", "()", floats({1})), y},
                                                      {array("x", "<f4", "(0, 4)", ""), y},
                                                      {x, array("y", "<i4", "(0,)", "")}};
        const auto set = read(files[static_cast<std::size_t>(which)]);
        QVERIFY(!set.has_value());
        QVERIFY(set.error().code == model::ErrorCode::malformed);
        QVERIFY2(QString::fromStdString(set.error().text()).contains(reason), set.error().text().c_str());
    }

    void keeps_its_limits()
    {
        const ZipPart x = array("x", "<f4", "(2, 2)", floats({1, 2, 3, 4})),
                      y = array("y", "<i4", "(2,)", little(1, 4) + little(0, 4));
        storage::ProbeLimits rows, elements, rank;
        rows.rows = 1;
        elements.elements = 3;
        rank.rank = 1;
        for (const storage::ProbeLimits& limits : {rows, elements, rank}) {
            const auto set = read({x, y}, ProbeLabels::required, limits);
            QVERIFY(!set.has_value());
            QVERIFY(set.error().code == model::ErrorCode::limit);
        }
        // A header that promises 2^40 numbers in a file of some bytes.
        const auto lie = read({array("x", "<f4", "(1048576, 1048576)", floats({1})), y});
        QVERIFY(!lie.has_value());
    }

    void refuses_other_files()
    {
        QVERIFY(!storage::read_probe_set(write_file("no.npz", "hello"), ProbeLabels::required).has_value());
        QVERIFY(!storage::read_probe_set("/nowhere/probe.npz", ProbeLabels::required).has_value());
        const auto npy_file = storage::read_probe_set(write_file("x.npy", npy(npy_dict("<f4", "(1,)"), floats({1}))),
                                                      ProbeLabels::optional);
        QVERIFY(!npy_file.has_value());
    }
};

QTEST_GUILESS_MAIN(TestProbeFile)
#include "tst_probe_file.moc"
