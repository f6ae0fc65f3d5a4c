// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/print/page_parts.h"

#include <algorithm>
#include <cmath>
#include <QAbstractTextDocumentLayout>
#include <QTextBlock>
#include <QTextDocument>
#include <QTextFrame>
#include <QTextLayout>
#include <QTextTable>

namespace fedsleuth::ui {

namespace {

constexpr qreal hair = 0.01;  // of a pixel: what rounding may move

/// A strip that no cut goes through.
struct Strip {
    qreal top, bottom;
};

/// The rows below a table's head.
struct Body {
    QRectF head;
    qreal top, bottom;
};

class Reader {
public:
    Reader(const QTextDocument& document, qreal page_height)
        : layout_(*document.documentLayout()), page_height_(page_height)
    {
        for (QTextBlock block = document.begin(); block.isValid(); block = block.next()) read_lines(block);
        const QTextFrame* const root = document.rootFrame();
        read(root->begin(), root->end());
        std::ranges::sort(strips, {}, &Strip::top);
    }

    std::vector<Strip> strips;  ///< by their top
    std::vector<Body> bodies;

private:
    void keep(qreal top, qreal bottom)
    {
        if (bottom - top <= page_height_) strips.push_back({top, bottom});
    }

    void read_lines(const QTextBlock& block)
    {
        const QTextLayout& text = *block.layout();
        const qreal origin = layout_.blockBoundingRect(block).top() - text.boundingRect().top();
        for (int idx = 0; idx < text.lineCount(); ++idx) {
            const QRectF line = text.lineAt(idx).rect();
            keep(origin + line.top(), origin + line.bottom());
        }
    }

    /// What stands in a frame or cell, in order.
    void read(QTextFrame::iterator at, const QTextFrame::iterator& end)
    {
        bool after_heading = false;  // whose text is still to come
        qreal heading = 0;           // its top
        qreal before = 0;            // top of the block before: a table's caption
        for (; at != end; ++at) {
            if (const auto* const table = qobject_cast<const QTextTable*>(at.currentFrame())) {
                read_table(*table, after_heading ? heading : before);
                after_heading = false;
                continue;
            }
            const QTextBlock block = at.currentBlock();
            if (!block.isValid()) continue;
            const QRectF rect = layout_.blockBoundingRect(block);
            before = rect.top();
            if (after_heading) keep(heading, rect.top() + first_line(block));
            if (block.blockFormat().headingLevel() > 0) {
                if (!after_heading) heading = rect.top();
                after_heading = true;
            } else if (!block.text().isEmpty()) {
                after_heading = false;
            }
        }
    }

    static qreal first_line(const QTextBlock& block)
    {
        return block.layout()->lineCount() > 0 ? block.layout()->lineAt(0).rect().bottom() : 0;
    }

    void read_table(const QTextTable& table, qreal caption)
    {
        const int heads = table.format().headerRowCount();
        if (heads == 0) {  // a coloured ground under other things
            for (int row = 0; row < table.rows(); ++row)
                for (int column = 0; column < table.columns(); ++column) {
                    const QTextTableCell cell = table.cellAt(row, column);
                    read(cell.begin(), cell.end());
                }
            return;
        }
        std::vector<qreal> edges;  // the top of each row, and the end
        qreal bottom = 0;
        for (int row = 0; row < table.rows(); ++row) {
            const Strip strip = row_strip(table, row);
            edges.push_back(strip.top);
            bottom = strip.bottom;
        }
        edges.push_back(bottom);
        const auto first = static_cast<std::size_t>(heads);
        if (first + 1 >= edges.size()) return keep(caption, bottom);
        const QRectF head(0, edges.front(), layout_.documentSize().width(), edges[first] - edges.front());
        bodies.push_back({head, edges[first], bottom});
        keep(caption, edges[first + 1]);
        for (std::size_t row = first; row + 1 < edges.size(); ++row)
            if (edges[row + 1] - edges[row] + head.height() <= page_height_) keep(edges[row], edges[row + 1]);
    }

    Strip row_strip(const QTextTable& table, int row) const
    {
        Strip strip{HUGE_VAL, 0};
        for (int column = 0; column < table.columns(); ++column) {
            const QTextTableCell cell = table.cellAt(row, column);
            strip.top = std::min(strip.top, layout_.blockBoundingRect(cell.firstCursorPosition().block()).top());
            strip.bottom =
                std::max(strip.bottom, layout_.blockBoundingRect(cell.lastCursorPosition().block()).bottom());
        }
        const qreal padding = table.format().cellPadding();
        return {strip.top - padding, strip.bottom + padding};
    }

    QAbstractTextDocumentLayout& layout_;
    qreal page_height_;
};

/// The last place up to `limit` that is in no strip which begins behind `from`: so a page always has something on it.
qreal cut_before(const std::vector<Strip>& strips, qreal from, qreal limit)
{
    qreal cut = limit;
    auto at = std::ranges::upper_bound(strips, cut - hair, {}, &Strip::top);
    while (at != strips.begin()) {
        --at;
        if (at->top <= from + hair) break;
        if (at->bottom > cut + hair) cut = at->top;
    }
    return cut;
}

}  // namespace

std::vector<PagePart> page_parts(const QTextDocument& document, qreal page_height)
{
    const qreal end = document.documentLayout()->documentSize().height();
    const Reader reader(document, page_height);
    std::vector<PagePart> parts;
    for (qreal top = 0; parts.empty() || top < end - hair; top = parts.back().bottom) {
        PagePart part{top, end, {}};
        const auto goes_on = std::ranges::find_if(
            reader.bodies, [top](const Body& body) { return body.top + hair < top && top < body.bottom - hair; });
        if (goes_on != reader.bodies.end() && goes_on->head.height() < page_height / 2) part.head = goes_on->head;
        const qreal limit = top + page_height - part.head.height();
        if (limit < end) part.bottom = cut_before(reader.strips, top, limit);
        parts.push_back(part);
    }
    return parts;
}

}  // namespace fedsleuth::ui
