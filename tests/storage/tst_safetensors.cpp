// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/evidence_builders.h"

using namespace fedsleuth;
using namespace fedsleuth::tests;
using model::ElementType;

class TestSafetensors : public QObject {
    Q_OBJECT

    static std::string tensor(const std::string& name, const std::string& dtype, const std::string& shape,
                              std::int64_t begin, std::int64_t end)
    {
        return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":[" +
               std::to_string(begin) + "," + std::to_string(end) + "]}";
    }
    static Opened open(const std::string& json, const std::string& data) { return open_bytes(safetensors(json, data)); }

private slots:
    void reads_every_type()
    {
        using namespace std::string_literals;
        const std::string data = "\x00\xc1"s + "\x20\xc0"s + floats({-2.5f}) + raw(std::vector<double>{-2.5}) + "\xfe" +
                                 "\xfe" + "\xfe\xff" + "\xfe\xff" + raw(std::vector<std::int32_t>{-2}) +
                                 raw(std::vector<std::uint32_t>{7}) + raw(std::vector<std::int64_t>{-2}) +
                                 raw(std::vector<std::uint64_t>{7}) + "\x01";
        const char* const types[] = {"F16", "BF16", "F32", "F64", "I8",  "U8",  "I16",
                                     "U16", "I32",  "U32", "I64", "U64", "BOOL"};
        const int widths[] = {2, 2, 4, 8, 1, 1, 2, 2, 4, 4, 8, 8, 1};
        const std::int64_t integers[] = {0, 0, 0, 0, -2, 254, -2, 65534, -2, 7, -2, 7, 1};
        std::string json;
        std::int64_t at = 0;
        for (int idx = 0; idx < 13; ++idx) {
            json.append(json.empty() ? "{" : ",");
            json.append(tensor(std::string(1, static_cast<char>('a' + idx)), types[idx], "[1]", at, at + widths[idx]));
            at += widths[idx];
        }
        const Opened file = open(json + "}", data);
        OPENED(file);
        QCOMPARE((*file)->tensors().size(), std::size_t{13});
        for (std::size_t idx = 0; idx < 4; ++idx) QCOMPARE(values(**file, idx), std::vector<float>{-2.5f});
        for (std::size_t idx = 4; idx < 13; ++idx) {
            const auto read = (*file)->integers(idx);
            QVERIFY(read.has_value());
            QCOMPARE(*read, std::vector<std::int64_t>{integers[idx]});
        }
    }

    void keeps_the_order_and_names_of_the_header()
    {
        const Opened file = open("{\"__metadata__\":{\"format\":\"pt\"}," + tensor("z", "F32", "[2]", 4, 12) + "," +
                                     tensor("a/ä\\u0041", "F32", "[]", 0, 4) + "}  ",
                                 floats({1, 2, 3}));
        OPENED(file);
        QVERIFY((*file)->named());
        QVERIFY((*file)->notes().empty());
        QCOMPARE((*file)->tensors()[0].name, std::string("z"));
        QCOMPARE(values(**file, 0), (std::vector<float>{2, 3}));
        QCOMPARE((*file)->tensors()[1].name, std::string("a/äA"));
        QCOMPARE(values(**file, 1), std::vector<float>{1});
    }

    void allows_tensors_without_elements()
    {
        const Opened file = open("{" + tensor("a", "F32", "[0]", 0, 0) + "," + tensor("b", "F32", "[1]", 0, 4) + "," +
                                     tensor("c", "F32", "[3,0]", 4, 4) + "}",
                                 floats({1}));
        OPENED(file);
        QCOMPARE((*file)->tensors()[2].count, std::int64_t{0});
    }

    void notes_leading_blanks()
    {
        const Opened file = open("  {" + tensor("a", "F32", "[1]", 0, 4) + "}", floats({1}));
        OPENED(file);
        QCOMPARE((*file)->notes().size(), std::size_t{1});
        QVERIFY((*file)->notes()[0].find("begins with white space") != std::string::npos);
    }

    void demands_that_tensors_cover_the_data()
    {
        const std::string a = tensor("a", "F32", "[1]", 0, 4);
        REFUSED(open("{" + tensor("a", "F32", "[1]", 4, 8) + "}", floats({1, 2})), malformed,
                "bytes 0 to 3 belong to no tensor");
        REFUSED(open("{" + a + "," + tensor("b", "F32", "[1]", 2, 6) + "}", std::string(6, 'x')), malformed,
                "tensor \"b\": begins at byte 2 of the data, within the tensor before it");
        REFUSED(open("{" + a + "," + tensor("b", "F32", "[1]", 0, 4) + "}", floats({1})), malformed,
                "within the tensor before it");
        REFUSED(open("{" + tensor("a", "F32", "[2]", 0, 8) + "}", floats({1})), malformed,
                "its tensors take 8 bytes, but only 4 follow the header");
        REFUSED(open("{" + a + "}", floats({1, 2})), malformed, "4 bytes follow the last tensor");
        REFUSED(open("{}", "x"), malformed, "1 byte follows the last tensor");
    }

    void demands_that_shape_and_range_agree()
    {
        REFUSED(open("{" + tensor("a", "F32", "[2]", 0, 4) + "}", floats({1})), malformed,
                "its shape takes 8 bytes, its data_offsets span 4");
        REFUSED(open("{" + tensor("a", "F32", "[1]", 4, 0) + "}", floats({1})), malformed, "end before they begin");
        REFUSED(open("{" + tensor("a", "F32", "[9223372036854775807,2]", 0, 4) + "}", floats({1})), malformed,
                "size overflows");
        REFUSED(open("{" + tensor("a", "F32", "[9223372036854775808]", 0, 4) + "}", floats({1})), malformed,
                "whole numbers, none negative, below 2^63");
        REFUSED(open("{" + tensor("a", "F32", "[-1]", 0, 4) + "}", floats({1})), malformed, "none negative");
        REFUSED(open("{" + tensor("a", "F32", "[1.0]", 0, 4) + "}", floats({1})), malformed, "whole numbers");
        REFUSED(open("{" + tensor("a", "F32", "[68719476736]", 0, 274877906944) + "}", floats({1})), malformed,
                "but only 4 follow the header");
        REFUSED(open("{" + tensor("a", "F32", "[68719476737]", 0, 274877906948) + "}", floats({1})), limit,
                "more than the limit of 68,719,476,736");
    }

    void refuses_headers_that_say_anything_else_data()
    {
        QTest::addColumn<QString>("json");
        QTest::addColumn<QString>("words");
        const auto row = [](const char* json, const char* words) { QTest::newRow(json) << json << words; };
        row(R"({"a":{"dtype":"F32","shape":[1]}})", "lacks \"data_offsets\"");
        row(R"({"a":{"dtype":"F32","data_offsets":[0,4]}})", "lacks \"shape\"");
        row(R"({"a":{"shape":[1],"data_offsets":[0,4]}})", "lacks \"dtype\"");
        row(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}})", "an array of two");
        row(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}})", "the unknown key \"x\"");
        row(R"({"a":{"dtype":"F32","dtype":"I32","shape":[1],"data_offsets":[0,4]}})", "the key \"dtype\" twice");
        row(R"({"a":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}})", "unknown dtype \"F33\"");
        row(R"({"a":{"dtype":4,"shape":[1],"data_offsets":[0,4]}})", "\"dtype\" must be a text");
        row(R"({"a":7})", "tensor \"a\": must be an object");
        row(R"({"__metadata__":{"a":1},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
            "must be an object of texts");
        row(R"({"__metadata__":{"a":"1","a":"2"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
            "each name once");
        row(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}} x)", "is no JSON object");
        row(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]})", "is no JSON object");
        row(R"({"a":{"dtype":"F32","shape":[1,],"data_offsets":[0,4]}})", "is no JSON object");
    }
    void refuses_headers_that_say_anything_else()
    {
        QFETCH(QString, json);
        QFETCH(QString, words);
        const Opened file = open(json.toStdString(), floats({1}));
        QVERIFY(!file.has_value());
        QVERIFY2(QString::fromStdString(file.error().text()).contains(words), file.error().text().c_str());
        QVERIFY(file.error().code == model::ErrorCode::malformed);
    }

    void refuses_types_that_are_not_read()
    {
        for (const char* const dtype : {"F8_E4M3", "F8_E5M2", "C64", "F4"})
            REFUSED(open("{" + tensor("a", dtype, "[4]", 0, 4) + "}", floats({1})), unsupported, dtype);
    }

    void refuses_what_is_no_utf8()
    {
        REFUSED(open("{" + tensor("\xff\xfe", "F32", "[1]", 0, 4) + "}", floats({1})), malformed, "is not UTF-8");
    }

    void finds_a_name_twice_however_it_is_written()
    {
        REFUSED(open("{" + tensor("w", "F32", "[1]", 0, 4) + "," + tensor("\\u0077", "F32", "[1]", 4, 8) + "}",
                     floats({1, 2})),
                malformed, "holds the name \"w\" twice");
    }

    void makes_names_visible_in_messages()
    {
        const Opened file = open("{" + tensor("\\u001b[31m\\u202e", "F32", "[2]", 0, 4) + "}", floats({1}));
        REFUSED(file, malformed, "tensor \"\\x1b[31m\\u202e\"");
    }

    void limits_what_a_header_may_ask_for()
    {
        storage::Limits limits;
        limits.tensors = 2;
        std::string json = "{" + tensor("a", "F32", "[0]", 0, 0) + "," + tensor("b", "F32", "[0]", 0, 0);
        OPENED(open_bytes(safetensors(json + "}", ""), limits));
        REFUSED(open_bytes(safetensors(json + "," + tensor("c", "F32", "[0]", 0, 0) + "}", ""), limits), limit,
                "more than the limit of 2");
        limits = {};
        limits.json_depth = 4;
        REFUSED(open_bytes(safetensors("{\"a\":[[[[[[]]]]]]}", ""), limits), malformed, "is no JSON object");
        limits = {};
        limits.name_bytes = 3;
        REFUSED(open_bytes(safetensors("{" + tensor("abcd", "F32", "[0]", 0, 0) + "}", ""), limits), limit,
                "name is longer than the limit of 3 bytes");
    }

    void holds_the_header_to_its_length()
    {
        REFUSED(open_bytes(little(100, 8) + "{}"), malformed, "promises a header of 100 bytes, but only 2 follow");
        REFUSED(open_bytes(little(~std::uint64_t{0}, 8) + "{}"), limit,
                "promises a header of 18446744073709551615 bytes");
        REFUSED(open_bytes(little(2, 8)), malformed, "none of the formats");
    }
};

QTEST_GUILESS_MAIN(TestSafetensors)
#include "tst_safetensors.moc"
