// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QRectF>
#include <vector>

class QTextDocument;

namespace fedsleuth::ui {

/// One printed page: a strip of a document, under the head of the table that it goes on with.
struct PagePart {
    qreal top = 0, bottom = 0;  ///< of the strip
    QRectF head;                ///< where in the document the head is that is repeated; null: none
};

/// Cuts a document that is laid out as one endless page. Qt's own pages cut through the rows of tables: here no line is
/// cut, a row stays whole where it fits a page, a heading stays with what follows, and a table's caption and head with
/// its first row.
[[nodiscard]] std::vector<PagePart> page_parts(const QTextDocument& document, qreal page_height);

}  // namespace fedsleuth::ui
