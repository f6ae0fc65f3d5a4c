// SPDX-License-Identifier: GPL-3.0-or-later
// How a report is cut into printed pages.
#include "ui/print/page_parts.h"
#include "ui/print/report_pdf.h"

#include <cmath>
#include <QAbstractTextDocumentLayout>
#include <QTest>
#include <QTextBlock>
#include <QTextDocument>
#include <QTextLayout>

using namespace fedsleuth;
using ui::PagePart;

namespace {

constexpr qreal page_height = 400, page_width = 500;

/// Rows of one to five lines, each beginning with "row".
analysis::ReportBlock table_of(std::size_t rows)
{
    analysis::ReportBlock table;
    table.kind = analysis::ReportBlock::Kind::table;
    table.text = "caption";
    table.items = {"head", "what was found"};
    table.numbers = {0, 0};
    for (std::size_t row = 0; row < rows; ++row) {
        std::string words;
        for (std::size_t idx = 0; idx < 8 + 17 * (row * 7 % 5); ++idx) words += "some words ";
        table.rows.push_back({"row", words});
    }
    return table;
}

analysis::ReportBlock words_of(analysis::ReportBlock::Kind kind, const std::string& text)
{
    analysis::ReportBlock block;
    block.kind = kind;
    block.text = text;
    return block;
}

std::unique_ptr<QTextDocument> document_of(analysis::ReportSection section)
{
    analysis::Report report;
    report.title = "title";
    report.sections.push_back(std::move(section));
    return ui::report_document(report, page_width);
}

struct Line {
    qreal top, bottom;
    QString text;
};

std::vector<Line> lines_of(const QTextDocument& document)
{
    std::vector<Line> lines;
    for (QTextBlock block = document.begin(); block.isValid(); block = block.next()) {
        const qreal origin = document.documentLayout()->blockBoundingRect(block).top();
        for (int idx = 0; idx < block.layout()->lineCount(); ++idx) {
            const QTextLine line = block.layout()->lineAt(idx);
            lines.push_back({origin + line.rect().top(), origin + line.rect().bottom(),
                             block.text().mid(line.textStart(), line.textLength()).trimmed()});
        }
    }
    return lines;
}

/// The first line that begins on each page.
std::vector<QString> first_lines(const QTextDocument& document, const std::vector<PagePart>& parts)
{
    std::vector<QString> first;
    for (const PagePart& part : parts)
        for (const Line& line : lines_of(document))
            if (line.top >= part.top - 1 && !line.text.isEmpty()) {
                first.push_back(line.text);
                break;
            }
    return first;
}

void check_whole(const QTextDocument& document, const std::vector<PagePart>& parts)
{
    QCOMPARE(parts.front().top, 0.0);
    QCOMPARE(parts.back().bottom, document.documentLayout()->documentSize().height());
    for (std::size_t idx = 0; idx < parts.size(); ++idx) {
        if (idx > 0) QCOMPARE(parts[idx].top, parts[idx - 1].bottom);
        QVERIFY(parts[idx].bottom > parts[idx].top);
        QVERIFY(parts[idx].bottom - parts[idx].top + parts[idx].head.height() <= page_height + 0.1);
        for (const Line& line : lines_of(document))
            QVERIFY2(!(line.top < parts[idx].bottom - 0.1 && parts[idx].bottom + 0.1 < line.bottom),
                     qPrintable(line.text));
    }
}

}  // namespace

class TestPageParts : public QObject {
    Q_OBJECT
private slots:
    void rows_stay_whole_under_a_repeated_head()
    {
        const auto document = document_of({"s", "section", false, {table_of(60)}});
        const std::vector<PagePart> parts = ui::page_parts(*document, page_height);
        check_whole(*document, parts);
        QVERIFY(parts.size() > 4);
        QVERIFY(parts.front().head.isNull());
        const std::vector<QString> first = first_lines(*document, parts);
        for (std::size_t idx = 1; idx < parts.size(); ++idx) {
            QCOMPARE(first[idx], QString("row"));
            QVERIFY(parts[idx].head.height() > 5);
            for (const Line& line : lines_of(*document))
                QCOMPARE(
                    line.text == "head" && parts[idx].head.top() <= line.top && line.bottom <= parts[idx].head.bottom(),
                    line.text == "head");
        }
    }

    void headings_and_captions_stay_with_what_follows()
    {
        // At every height above, down to where the heading, or the caption, would be the last of a page.
        using Kind = analysis::ReportBlock::Kind;
        for (std::size_t above = 1; above < 30; ++above) {
            analysis::ReportSection section{"s", "section", false, {}};
            for (std::size_t idx = 0; idx < above; ++idx) section.blocks.push_back(words_of(Kind::paragraph, "text"));
            section.blocks.push_back(words_of(Kind::heading, "heading"));
            section.blocks.push_back(table_of(3));
            const auto document = document_of(section);
            const std::vector<PagePart> parts = ui::page_parts(*document, page_height);
            check_whole(*document, parts);
            for (const QString& first : first_lines(*document, parts))
                QVERIFY2(first != "caption" && first != "head", qPrintable(QString::number(above)));
        }
    }

    void what_is_longer_than_a_page_is_cut_between_lines()
    {
        analysis::ReportBlock table = table_of(2);
        for (int idx = 0; idx < 400; ++idx) table.rows[1][1] += " more words";
        // Within a section of people, which is a table itself: of one cell, and no head.
        const auto document = document_of({"s", "section", true, {table}});
        const std::vector<PagePart> parts = ui::page_parts(*document, page_height);
        check_whole(*document, parts);
        QVERIFY(parts.size() > 1);
        QVERIFY(parts.back().head.height() > 5);
    }

    void an_empty_document_is_one_page()
    {
        QTextDocument document;
        document.setTextWidth(page_width);
        QCOMPARE(ui::page_parts(document, page_height).size(), std::size_t{1});
    }
};

QTEST_MAIN(TestPageParts)
#include "tst_page_parts.moc"
