// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QHeaderView>

namespace fedsleuth::ui {

/// Space between a cell's edge and its text, in tables and lists.
inline constexpr int cell_padding = 8;

/// A table's head: quiet names over a hairline, an arrow at the column that the rows are sorted by.
class TableHeader : public QHeaderView {
    Q_OBJECT
public:
    explicit TableHeader(QWidget* parent = nullptr);

protected:
    void paintEvent(QPaintEvent* event) override;
    void paintSection(QPainter* painter, const QRect& rect, int section) const override;
    [[nodiscard]] QSize sectionSizeFromContents(int section) const override;
};

}  // namespace fedsleuth::ui
