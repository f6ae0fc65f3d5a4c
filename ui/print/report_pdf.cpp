// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/print/report_pdf.h"

#include "model/text.h"
#include "ui/print/page_parts.h"

#include <QAbstractTextDocumentLayout>
#include <QFile>
#include <QFont>
#include <QImage>
#include <QPainter>
#include <QPdfWriter>
#include <QSaveFile>
#include <QSvgRenderer>
#include <QTextDocument>
#include <QUrl>

namespace fedsleuth::ui {

namespace {

using Kind = analysis::ReportBlock::Kind;

constexpr int figure_width = 720;  // of the report's figures, in their own units
constexpr int sharpness = 3;       // pixels of a figure's picture per unit
constexpr qreal margin_mm = 16;
constexpr qreal foot_points = 26;

QString escaped(const std::string& text)
{
    const std::string html = model::html_escaped(text);
    return QString::fromUtf8(html.data(), static_cast<qsizetype>(html.size()));
}

// Qt's documents take margins in pixels (of 1/96 inch) alone; in points they would be nothing.
const char* style =
    "body { color: #1f2328; } h1 { font-size: 17pt; } h2 { font-size: 13pt; margin-top: 24px; } "
    "h3 { font-size: 10.5pt; margin-top: 12px; margin-bottom: 2px; } p, li { font-size: 9pt; margin-top: 4px; "
    "margin-bottom: 4px; } .headline { font-size: 11pt; } .quiet { color: #5b6470; font-size: 8pt; } "
    "td, th { font-size: 7pt; padding-left: 4px; padding-right: 4px; } th { text-align: left; }";

QString table_html(const analysis::ReportBlock& block)
{
    QString html = QStringLiteral(
                       "<p class=\"quiet\" style=\"margin-top: 8px;\">%1</p><table width=\"100%\" cellspacing=\"0\" "
                       "cellpadding=\"2\" "
                       "border=\"0\"><thead><tr>")
                       .arg(escaped(block.text));
    const auto align = [&](std::size_t column) {
        return block.numbers[column] != 0 ? QStringLiteral(" align=\"right\"") : QString();
    };
    for (std::size_t column = 0; column < block.items.size(); ++column)
        html += QStringLiteral("<th bgcolor=\"#eef0f3\"%1>%2</th>").arg(align(column), escaped(block.items[column]));
    html += QStringLiteral("</tr></thead>");
    for (const std::vector<std::string>& row : block.rows) {
        html += QStringLiteral("<tr>");
        for (std::size_t column = 0; column < row.size(); ++column) {
            QString text = escaped(row[column]);
            if (row[column].size() == 64 && row[column].find(' ') == std::string::npos)  // a digest: where it may break
                text.insert(32, QChar(0x200b));
            html += QStringLiteral("<td%1>%2</td>").arg(align(column), text);
        }
        html += QStringLiteral("</tr>");
    }
    return html + QStringLiteral("</table>");
}

/// The figure as a picture, and the place in the text where it goes.
QString figure_html(const analysis::ReportBlock& block, QTextDocument& document, int idx, qreal width)
{
    QSvgRenderer renderer(QByteArray::fromStdString(block.svg));
    const QSize size = renderer.defaultSize();
    QImage picture(size * sharpness, QImage::Format_RGB32);
    picture.fill(Qt::white);
    QPainter painter(&picture);
    renderer.render(&painter);
    painter.end();
    const QString name = QStringLiteral("figure:%1").arg(idx);
    document.addResource(QTextDocument::ImageResource, QUrl(name), picture);
    const qreal shown = std::min(width, static_cast<qreal>(figure_width));
    return QStringLiteral("<p><img src=\"%1\" width=\"%2\" height=\"%3\"><br><span class=\"quiet\">%4</span></p>")
        .arg(name)
        .arg(shown)
        .arg(shown * size.height() / size.width())
        .arg(escaped(block.text));
}

QString block_html(const analysis::ReportBlock& block, QTextDocument& document, int& figures, qreal width)
{
    switch (block.kind) {
        case Kind::heading:
            return QStringLiteral("<h3>%1</h3>").arg(escaped(block.text));
        case Kind::paragraph:
            return QStringLiteral("<p>%1</p>").arg(escaped(block.text));
        case Kind::note:
            return QStringLiteral("<p class=\"quiet\">%1</p>").arg(escaped(block.text));
        case Kind::table:
            return table_html(block);
        case Kind::figure:
            return figure_html(block, document, figures++, width);
        case Kind::list: {
            QString html = QStringLiteral("<ul>");
            for (const std::string& item : block.items) html += QStringLiteral("<li>%1</li>").arg(escaped(item));
            return html + QStringLiteral("</ul>");
        }
    }
    return {};
}

}  // namespace

std::unique_ptr<QTextDocument> report_document(const analysis::Report& report, qreal width)
{
    auto document = std::make_unique<QTextDocument>();
    document->setUndoRedoEnabled(false);
    document->setDocumentMargin(0);
    document->setDefaultFont(QFont(QStringLiteral("DejaVu Sans"), 9));
    document->setDefaultStyleSheet(QString::fromLatin1(style));
    QString html =
        QStringLiteral("<html><body><h1>%1</h1><p class=\"headline\">%2</p><p class=\"quiet\">Fedsleuth %3%4</p>")
            .arg(escaped(report.title), escaped(report.headline), escaped(report.version),
                 report.made_at.empty() ? QString() : QStringLiteral(", ") + escaped(report.made_at));
    int figures = 0;
    for (const analysis::ReportSection& section : report.sections) {
        html += QStringLiteral("<h2>%1</h2>").arg(escaped(section.title));
        QString blocks;
        for (const analysis::ReportBlock& block : section.blocks)
            blocks += block_html(block, *document, figures, width);
        html += section.by_people ? QStringLiteral(
                                        "<table width=\"100%\" cellpadding=\"6\"><tr><td bgcolor=\"#f0f4f9\">%1"
                                        "</td></tr></table>")
                                        .arg(blocks)
                                  : blocks;
    }
    document->setHtml(html + QStringLiteral("</body></html>"));
    document->setTextWidth(width);
    return document;
}

model::Result<void> write_report_pdf(const analysis::Report& report, const QString& path)
{
    QSaveFile file(path);
    const auto failed = [&] {
        return model::fail(model::ErrorCode::io, file.errorString().toStdString(), path.toStdString());
    };
    if (!file.open(QIODevice::WriteOnly)) return failed();
    QPdfWriter writer(&file);
    constexpr int dots_per_inch = 96;  // a document's pixel; the pictures are sharper
    writer.setResolution(dots_per_inch);
    writer.setPageSize(QPageSize(QPageSize::A4));
    writer.setPageMargins(QMarginsF(margin_mm, margin_mm, margin_mm, margin_mm), QPageLayout::Millimeter);
    writer.setTitle(QString::fromStdString(report.title));
    writer.setCreator(QStringLiteral("Fedsleuth ") + QString::fromStdString(report.version));

    QPainter painter(&writer);
    if (!painter.isActive()) return failed();
    const qreal foot = foot_points * dots_per_inch / 72.0;
    const QRectF page(0, 0, writer.width(), writer.height() - foot);
    const auto document = report_document(report, page.width());
    document->documentLayout()->setPaintDevice(&writer);
    document->setTextWidth(page.width());
    const auto draw = [&](const QRectF& strip, qreal at) {
        painter.save();
        painter.translate(0, at - strip.top());
        painter.setClipRect(strip);
        document->drawContents(&painter, strip);
        painter.restore();
    };
    const std::vector<PagePart> parts = page_parts(*document, page.height());
    const QFont small(QStringLiteral("DejaVu Sans"), 7);
    for (std::size_t idx = 0; idx < parts.size(); ++idx) {
        const PagePart& part = parts[idx];
        if (idx > 0) writer.newPage();
        if (!part.head.isNull()) draw(part.head, 0);
        draw(QRectF(0, part.top, page.width(), part.bottom - part.top), part.head.height());
        painter.setFont(small);
        painter.setPen(QColor(0x5b, 0x64, 0x70));
        const QRectF line(0, page.height(), page.width(), foot);
        painter.drawText(line, Qt::AlignLeft | Qt::AlignBottom, QString::fromStdString(report.title));
        painter.drawText(line, Qt::AlignRight | Qt::AlignBottom,
                         QStringLiteral("Page %1 of %2").arg(idx + 1).arg(parts.size()));
    }
    painter.end();
    if (!file.commit()) return failed();
    return {};
}

}  // namespace fedsleuth::ui
