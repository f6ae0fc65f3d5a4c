// SPDX-License-Identifier: GPL-3.0-or-later
// The figures of a report.
#include "analysis/report/svg.h"

#include <QtTest>
#include <QXmlStreamReader>

using namespace fedsleuth::analysis;

namespace {

struct Text {
    double x, y;
    QString words;
};

std::vector<Text> texts_of(const std::string& svg)
{
    std::vector<Text> texts;
    QXmlStreamReader reader(QByteArray::fromStdString(svg));
    while (!reader.atEnd())
        if (reader.readNext() == QXmlStreamReader::StartElement && reader.name() == QLatin1String("text")) {
            const double x = reader.attributes().value("x").toDouble(), y = reader.attributes().value("y").toDouble();
            texts.push_back({x, y, reader.readElementText()});
        }
    return reader.hasError() ? std::vector<Text>{} : texts;
}

}  // namespace

class Svg : public QObject {
    Q_OBJECT

private slots:
    void a_long_legend_takes_more_rows()
    {
        constexpr double width = 720, letter = 6.3;
        double rows_of_few = 0;
        for (const int count : {2, 8, 20}) {
            SvgChart chart;
            for (int idx = 0; idx < count; ++idx) {
                chart.lines.push_back({"client-" + std::to_string(10 + idx), {{1, 0}, {2, 1}}, "#000000"});
                chart.lines.push_back({"", {{1, 0}, {2, 1}}, "#000000", "3 3"});  // its claim: no name of its own
            }
            chart.x_name = "Round";
            chart.y_name = "spent";
            const std::vector<Text> texts = texts_of(svg_chart(chart));
            int named = 0;
            double lowest = 0, foot = 0;
            for (const Text& text : texts) {
                QVERIFY(!text.words.isEmpty());
                if (text.words == "Round") foot = text.y;
                if (!text.words.startsWith("client-")) continue;
                ++named;
                QVERIFY(text.x + letter * double(text.words.size()) <= width);
                lowest = std::max(lowest, text.y);
            }
            QCOMPARE(named, count);
            // The plot moves down with the rows above it.
            if (count == 2) rows_of_few = foot - lowest;
            QCOMPARE(foot - lowest, rows_of_few);
            QCOMPARE(lowest > 20, count > 2);
        }
    }
};

QTEST_APPLESS_MAIN(Svg)
#include "tst_svg.moc"
