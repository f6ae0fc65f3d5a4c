// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/evidence_builders.h"

#include <cmath>
#include <limits>

using namespace fedsleuth;
using namespace fedsleuth::tests;
using model::ElementType;

class TestNpy : public QObject {
    Q_OBJECT

    static std::string vector_of(const std::string& dict) { return npy(dict, floats({1, 2})); }

private slots:
    void reads_every_version()
    {
        for (const int version : {1, 2, 3}) {
            const Opened file = open_bytes(npy(npy_dict("<f4", "(2,)"), floats({1.5f, -2}), version));
            OPENED(file);
            QCOMPARE(values(**file), (std::vector<float>{1.5f, -2}));
            QVERIFY(!(*file)->named());
            QCOMPARE((*file)->tensors()[0].name, std::string());
        }
        REFUSED(open_bytes(npy(npy_dict("<f4", "(2,)"), floats({1, 2}), 4)), unsupported, "version 4.0");
    }

    void reads_every_float_type_in_both_orders()
    {
        const auto one = [](const std::string& descr, const std::string& bytes) {
            const Opened file = open_bytes(npy(npy_dict(descr, "(1,)"), bytes));
            if (!file) QTest::qFail(file.error().text().c_str(), __FILE__, __LINE__);
            return values(**file)[0];
        };
        using namespace std::string_literals;
        QCOMPARE(one("<f2", "\x00\xc1"s), -2.5f);
        QCOMPARE(one(">f2", "\xc1\x00"s), -2.5f);
        QCOMPARE(one("<f4", "\x00\x00\x20\xc0"s), -2.5f);
        QCOMPARE(one(">f4", "\xc0\x20\x00\x00"s), -2.5f);
        QCOMPARE(one("<f8", "\x00\x00\x00\x00\x00\x00\x04\xc0"s), -2.5f);
        QCOMPARE(one(">f8", "\xc0\x04\x00\x00\x00\x00\x00\x00"s), -2.5f);
        QCOMPARE(one("=f4", "\x00\x00\x20\xc0"s), -2.5f);
        QCOMPARE(one("<V2", "\x20\xc0"s), -2.5f);
        QCOMPARE(one("|V2", "\x20\xc0"s), -2.5f);
    }

    void keeps_what_is_not_finite()
    {
        const float nan = std::numeric_limits<float>::quiet_NaN();
        const float infinity = std::numeric_limits<float>::infinity();
        const Opened file = open_bytes(npy(npy_dict("<f4", "(3,)"), floats({nan, infinity, -infinity})));
        OPENED(file);
        const std::vector<float> read = values(**file);
        QVERIFY(std::isnan(read[0]));
        QCOMPARE(read[1], infinity);
        QCOMPARE(read[2], -infinity);
        // A float64 beyond float32 is no number that the arithmetic can use.
        const Opened wide = open_bytes(npy(npy_dict("<f8", "(1,)"), raw(std::vector<double>{1e300})));
        OPENED(wide);
        QCOMPARE(values(**wide)[0], infinity);
    }

    void reads_integers_in_both_orders()
    {
        const auto integers = [](const std::string& descr, const std::string& bytes) {
            const Opened file = open_bytes(npy(npy_dict(descr, "(1,)"), bytes));
            if (!file) QTest::qFail(file.error().text().c_str(), __FILE__, __LINE__);
            return (*file)->integers(0).value().at(0);
        };
        using namespace std::string_literals;
        QCOMPARE(integers("|i1", "\xfe"s), std::int64_t{-2});
        QCOMPARE(integers("|u1", "\xfe"s), std::int64_t{254});
        QCOMPARE(integers("<i2", "\xfe\xff"s), std::int64_t{-2});
        QCOMPARE(integers(">u2", "\x01\x00"s), std::int64_t{256});
        QCOMPARE(integers(">i4", "\xff\xff\xff\xfe"s), std::int64_t{-2});
        QCOMPARE(integers("<u4", "\xff\xff\xff\xff"s), std::int64_t{4294967295});
        QCOMPARE(integers("<i8", "\xfe\xff\xff\xff\xff\xff\xff\xff"s), std::int64_t{-2});
        QCOMPARE(integers("<u8", "\xfe\xff\xff\xff\xff\xff\xff\xff"s), std::int64_t{-2});  // wraps, as documented
        QCOMPARE(integers("|b1", "\x01"s), std::int64_t{1});
    }

    void gives_column_order_row_by_row()
    {
        // 2 × 3 × 2, element (i, j, k) = 100 i + 10 j + k, stored with i fastest.
        std::vector<float> stored;
        std::vector<float> expected;
        for (int k = 0; k < 2; ++k)
            for (int j = 0; j < 3; ++j)
                for (int i = 0; i < 2; ++i) stored.push_back(static_cast<float>(100 * i + 10 * j + k));
        for (int i = 0; i < 2; ++i)
            for (int j = 0; j < 3; ++j)
                for (int k = 0; k < 2; ++k) expected.push_back(static_cast<float>(100 * i + 10 * j + k));
        const Opened file = open_bytes(npy(npy_dict("<f4", "(2, 3, 2)", true), floats(stored)));
        OPENED(file);
        QCOMPARE(values(**file), expected);
        for (std::int64_t first = 0; first < 12; ++first) {
            for (std::int64_t count = 0; first + count <= 12; ++count) {
                std::vector<float> block(static_cast<std::size_t>(count));
                QVERIFY((*file)->read(0, first, count, block.data()).has_value());
                QCOMPARE(block, std::vector<float>(expected.begin() + first, expected.begin() + first + count));
            }
        }
    }

    void reads_a_matrix_in_column_order_larger_than_a_pass()
    {
        constexpr std::int64_t rows = 700;
        constexpr std::int64_t columns = 800;
        std::vector<float> stored(rows * columns);
        for (std::int64_t row = 0; row < rows; ++row)
            for (std::int64_t column = 0; column < columns; ++column)
                stored[static_cast<std::size_t>(column * rows + row)] = static_cast<float>(row * columns + column);
        const Opened file = open_bytes(npy(npy_dict("<f4", "(700, 800)", true), floats(stored)));
        OPENED(file);
        const std::vector<float> read = values(**file);
        for (std::size_t idx = 0; idx < read.size(); ++idx) QCOMPARE(read[idx], static_cast<float>(idx));
    }

    void knows_shapes_without_elements()
    {
        const Opened empty = open_bytes(npy(npy_dict("<f4", "(3, 0, 2)"), ""));
        OPENED(empty);
        QCOMPARE((*empty)->tensors()[0].count, std::int64_t{0});
        QVERIFY((*empty)->read(0, 0, 0, nullptr).has_value());
        const Opened scalar = open_bytes(npy(npy_dict("<f4", "()"), floats({5})));
        OPENED(scalar);
        QCOMPARE(values(**scalar), std::vector<float>{5});
    }

    void takes_any_spelling_that_numpy_writes()
    {
        OPENED(open_bytes(vector_of("{'shape': (2,), 'fortran_order': False, 'descr': '<f4'}")));
        OPENED(open_bytes(vector_of("{\"descr\": \"<f4\", 'fortran_order': False, 'shape': (2,), }")));
        OPENED(open_bytes(vector_of("{'descr': '<f4', 'fortran_order': False, 'shape': (2L,), }")));
        OPENED(open_bytes(vector_of("{'descr':'<f4','fortran_order':False,'shape':(1,2)}")));
        REFUSED(open_bytes(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2L,), }", floats({1, 2}), 3)),
                malformed, "lacks a comma in 'shape'");
    }

    void refuses_headers_that_say_anything_else_data()
    {
        QTest::addColumn<QString>("dict");
        QTest::addColumn<QString>("words");
        const auto row = [](const char* dict, const char* words) { QTest::newRow(dict) << dict << words; };
        row("{'descr': '<f4', 'fortran_order': False}", "lacks the key 'shape'");
        row("{'descr': '<f4', 'shape': (2,)}", "lacks the key 'fortran_order'");
        row("{'fortran_order': False, 'shape': (2,)}", "lacks the key 'descr'");
        row("{'descr': '<f4', 'descr': '<f8', 'fortran_order': False, 'shape': (2,)}", "the key \"descr\" twice");
        row("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 1}", "the key \"x\"");
        row("{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}", "lacks True or False");
        row("{'descr': '<f4', 'fortran_order': False, 'shape': (2)}", "a number for 'shape', not a tuple");
        row("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}", "whole number from 0");
        row("{'descr': '<f4', 'fortran_order': False, 'shape': (1e1,)}", "lacks a comma in 'shape'");
        row("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", "whole number from 0");
        row("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} # more", "goes on behind its closing brace");
        row("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)", "lacks a comma or a closing brace");
        row("{'descr': '<f\\x34', 'fortran_order': False, 'shape': (2,)}", "an escape in a string");
        row("{'descr': 'f4', 'fortran_order': False, 'shape': (2,)}", "without a byte order");
        row("{'descr': '|f4', 'fortran_order': False, 'shape': (2,)}", "without a byte order");
        row("{'descr': ''.join(['<','f4']), 'fortran_order': False, 'shape': (2,)}",
            "lacks a comma or a closing brace");
        row("__import__('os')", "lacks '{'");
        row("", "lacks '{'");
    }
    void refuses_headers_that_say_anything_else()
    {
        QFETCH(QString, dict);
        QFETCH(QString, words);
        const Opened file = open_bytes(vector_of(dict.toStdString()));
        QVERIFY(!file.has_value());
        QVERIFY2(QString::fromStdString(file.error().text()).contains(words), file.error().text().c_str());
        QVERIFY(file.error().code == model::ErrorCode::malformed);
    }

    void refuses_what_are_no_numbers()
    {
        REFUSED(open_bytes(npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", "")), refused, "object array");
        REFUSED(open_bytes(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", "")), unsupported,
                "structured array");
        for (const char* const descr : {"|S5", "<U7", "<c8", "<f16", "<m8[ns]", "|V3", ">V2", "<f3"})
            REFUSED(open_bytes(npy(npy_dict(descr, "(1,)"), std::string(64, 'x'))), unsupported,
                    "which are no numbers that are read");
    }

    void holds_the_payload_to_its_promise()
    {
        REFUSED(open_bytes(npy(npy_dict("<f4", "(2,)"), floats({1, 2, 3}))), malformed,
                "4 bytes follow the numbers that its header promises");
        REFUSED(open_bytes(npy(npy_dict("<f4", "(2,)"), floats({1, 2}) + "x")), malformed, "1 byte follows");
        REFUSED(open_bytes(npy(npy_dict("<f4", "(2,)"), "")), malformed, "but only 0 follow the header");
        REFUSED(open_bytes(npy(npy_dict("<f4", "(4611686018427387904, 4)"), "")), malformed, "size overflows");
        REFUSED(open_bytes(npy(npy_dict("<f8", "(2305843009213693952,)"), "")), limit, "elements, more than the limit");
        REFUSED(open_bytes(npy(npy_dict("<f8", "(68719476736,)"), "")), malformed, "promises 549755813888 bytes");
    }

    void holds_the_header_to_its_length()
    {
        using namespace std::string_literals;
        REFUSED(open_bytes("\x93NUMPY\x01\x00\xff\xff{}"s), malformed,
                "promises a header of 65535 bytes, but only 2 follow");
        REFUSED(open_bytes("\x93NUMPY\x02\x00\xff\xff\xff\xff{}"s), malformed, "promises a header of 4294967295 bytes");
        REFUSED(open_bytes("\x93NUMPY\x02\x00\x01"s), malformed, "does not begin as a NumPy array does");
        REFUSED(open_bytes("\x93NUMPY"s), malformed, "does not begin as a NumPy array does");
        storage::Limits limits;
        limits.npy_header_bytes = 100;
        REFUSED(open_bytes(npy(npy_dict("<f4", "(2,)"), floats({1, 2})), limits), limit, "more than the limit of 100");
    }

    void limits_dimensions()
    {
        std::string shape = "(";
        for (int axis = 0; axis < 65; ++axis) shape += "1, ";
        REFUSED(open_bytes(npy(npy_dict("<f4", shape + ")"), floats({1}))), limit, "65 dimensions");
    }

    void answers_only_for_what_it_has()
    {
        const Opened file = open_bytes(npy(npy_dict("<f4", "(2,)"), floats({1, 2})));
        OPENED(file);
        float out[4] = {};
        REFUSED((*file)->read(1, 0, 1, out), invalid_argument, "has no tensor 1");
        REFUSED((*file)->read(0, 1, 2, out), invalid_argument, "has 2 elements; 2 were asked for from 1 on");
        REFUSED((*file)->read(0, -1, 1, out), invalid_argument, "has 2 elements");
        REFUSED((*file)->read(0, 1, std::numeric_limits<std::int64_t>::max(), out), invalid_argument, "has 2 elements");
        REFUSED((*file)->integers(0), invalid_argument, "holds floats");
        REFUSED((*file)->integers(7), invalid_argument, "has no tensor 7");
    }

    void limits_integers_that_are_read_whole()
    {
        storage::Limits limits;
        limits.integer_elements = 3;
        const Opened file = open_bytes(npy(npy_dict("|u1", "(4,)"), "abcd"), limits);
        OPENED(file);
        REFUSED((*file)->integers(0), limit, "holds 4 integers, more than the limit of 3");
    }

    void tells_a_file_cut_short_while_it_is_read()
    {
        const std::filesystem::path path = write_file("shrinking", npy(npy_dict("<f4", "(4,)"), floats({1, 2, 3, 4})));
        const Opened file = storage::open_snapshot(path);
        OPENED(file);
        std::filesystem::resize_file(path, 130);
        float out[4] = {};
        REFUSED((*file)->read(0, 0, 4, out), io, "became shorter while it was read");
    }
};

QTEST_GUILESS_MAIN(TestNpy)
#include "tst_npy.moc"
