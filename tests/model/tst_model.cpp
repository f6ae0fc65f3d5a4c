// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/ids.h"
#include "model/json_writer.h"
#include "model/layer.h"
#include "model/result.h"
#include "model/text.h"
#include "model/verdict.h"

#include <limits>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

using namespace fedsleuth::model;

class TestModel : public QObject {
    Q_OBJECT

private slots:
    void json_reads_back_as_written()
    {
        const double third = 1.0 / 3, tiny = 5e-324;
        JsonWriter json;
        json.begin_object()
            .field("text", std::string("a\"b\\c\n\x01\x7f é"))
            .field("third", third)
            .field("tiny", tiny)
            .field("nan", std::numeric_limits<double>::quiet_NaN())
            .field("whole", 42)
            .field("truth", true)
            .optional_field("none", std::optional<double>())
            .key("list")
            .begin_array()
            .value(1)
            .begin_object()
            .end_object()
            .null()
            .end_array()
            .key("raw")
            .raw("")
            .end_object();
        QJsonParseError error{};
        const QJsonObject read = QJsonDocument::fromJson(QByteArray::fromStdString(json.text()), &error).object();
        QCOMPARE(error.error, QJsonParseError::NoError);
        QCOMPARE(read["text"].toString(), QString::fromUtf8("a\"b\\c\n\x01\x7f é"));
        QCOMPARE(read["third"].toDouble(), third);
        QCOMPARE(read["tiny"].toDouble(), tiny);
        QVERIFY(read["nan"].isNull() && read["none"].isNull());
        QCOMPARE(read["whole"].toInt(), 42);
        QCOMPARE(read["list"].toArray().size(), 3);
        QVERIFY(read["raw"].isObject());
    }

    void broken_utf8_is_replaced()
    {
        QCOMPARE(valid_utf8("a\xff"
                            "b"),
                 std::string("a\xef\xbf\xbd"
                             "b"));
        QCOMPARE(valid_utf8("\xc0\xaf"), std::string("\xef\xbf\xbd\xef\xbf\xbd"));  // overlong
        QCOMPARE(valid_utf8("\xed\xa0\x80").size(), std::size_t{9});                // surrogate
        QCOMPARE(valid_utf8("\xf4\x90\x80\x80").size(), std::size_t{12});           // above U+10FFFF
        QCOMPARE(valid_utf8("\xe2\x82"), std::string("\xef\xbf\xbd\xef\xbf\xbd"));  // cut short
        QCOMPARE(valid_utf8("é 𝄞"), std::string("é 𝄞"));
    }

    void hidden_characters_become_visible()
    {
        QCOMPARE(visible("\x1b[31mred"), std::string("\\x1b[31mred"));
        QCOMPARE(visible("a\nb\tc"), std::string("a\\x0ab\\x09c"));
        QCOMPARE(visible("x\u202ey\u200bz"), std::string("x\\u202ey\\u200bz"));
        QCOMPARE(visible("Ünïcode ok"), std::string("Ünïcode ok"));
    }

    void html_and_csv_are_harmless()
    {
        QCOMPARE(html_escaped("<b>\"&'"), std::string("&lt;b&gt;&quot;&amp;&#39;"));
        QCOMPARE(csv_cell("=cmd|' /C calc'!A0"), std::string("'=cmd|' /C calc'!A0"));
        QCOMPARE(csv_cell("-1.5e3"), std::string("-1.5e3"));
        QCOMPARE(csv_cell("-site"), std::string("'-site"));
        QCOMPARE(csv_cell("a,\"b\""), std::string("\"a,\"\"b\"\"\""));
    }

    void numbers_for_people()
    {
        QCOMPARE(grouped(-1234567), std::string("-1,234,567"));
        QCOMPARE(grouped(999), std::string("999"));
        QCOMPARE(short_number(0.000123456), std::string("0.000123"));
        QCOMPARE(short_number(std::numeric_limits<double>::infinity()), std::string("–"));
        QCOMPARE(byte_text(1'234'567), std::string("1.2 MB"));
        QCOMPARE(byte_text(999), std::string("999 B"));
    }

    void shapes_that_overflow_are_refused()
    {
        QCOMPARE(element_count({}), std::int64_t{1});
        QCOMPARE(element_count({3, 0, 5}), std::int64_t{0});
        QCOMPARE(element_count({std::int64_t{1} << 40, std::int64_t{1} << 40}), std::int64_t{-1});
        QCOMPARE(element_count({2, -1}), std::int64_t{-1});
        std::vector<Layer> layers(3);
        layers[0].shape = {2, 3};
        layers[1].shape = {};
        layers[1].counter = true;
        layers[2].shape = {4};
        QCOMPARE(lay_out(layers), std::int64_t{10});
        QCOMPARE(layers[1].count, std::int64_t{0});
        QCOMPARE(layers[2].offset, std::int64_t{6});
        QCOMPARE(shape_text({2, 3}), std::string("2 × 3"));
    }

    void names_go_both_ways()
    {
        for (const auto verdict : {VerdictClass::unknown, VerdictClass::clean, VerdictClass::watch,
                                   VerdictClass::suspect, VerdictClass::malicious})
            QCOMPARE(verdict_class_from(name_of(verdict)), std::optional(verdict));
        QVERIFY(!verdict_class_from("guilty"));
        QCOMPARE(family_of("sybil"), std::string_view("colluding"));
        QCOMPARE(family_of("whatever"), std::string_view("unknown"));
    }

    void errors_say_where_and_what_next()
    {
        QCOMPARE((Error{ErrorCode::io, "can't be read", "x.npz", "check the disk"}.text()),
                 std::string("x.npz: can't be read (check the disk)"));
        QCOMPARE((Error{ErrorCode::io, "no", "", ""}.text()), std::string("no"));
    }
};

QTEST_GUILESS_MAIN(TestModel)
#include "tst_model.moc"
