// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tables/table_model.h"

#include "ui/plots/plot_text.h"

#include <algorithm>
#include <QStringList>

namespace fedsleuth::ui {

QVariant TableModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid()) return {};
    const auto here = [&] { return cell(index.row(), index.column()); };
    switch (role) {
        case Qt::DisplayRole:
            return here().text;
        case Qt::ToolTipRole: {
            const Cell found = here();
            return tooltip_html(found.tip.isEmpty() ? found.text : found.tip);
        }
        case Qt::TextAlignmentRole:
            return static_cast<int>((head(index.column()).number ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
        case SortRole:
            return here().sort;
        case MarkRole: {
            const Cell found = here();
            return found.mark ? QVariant(static_cast<int>(*found.mark)) : QVariant();
        }
        default:
            return {};
    }
}

QVariant TableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || section < 0 || section >= columnCount()) return {};
    switch (role) {
        case Qt::DisplayRole:
            return head(section).title;
        case Qt::ToolTipRole:
            return head(section).meaning;
        case Qt::TextAlignmentRole:
            return static_cast<int>((head(section).number ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
        default:
            return {};
    }
}

TableOrder::TableOrder(QObject* parent) : QSortFilterProxyModel(parent)
{
    setSortRole(SortRole);
    setDynamicSortFilter(true);
}

bool TableOrder::lessThan(const QModelIndex& left, const QModelIndex& right) const
{
    const QVariant a = left.data(SortRole);
    const QVariant b = right.data(SortRole);
    if (a.isValid() != b.isValid()) return (sortOrder() == Qt::AscendingOrder) == a.isValid();
    if (!a.isValid()) return false;
    if (a.userType() == QMetaType::QString) return QString::localeAwareCompare(a.toString(), b.toString()) < 0;
    return a.toDouble() < b.toDouble();
}

QString as_text(const QAbstractItemModel& model, const QModelIndexList& rows, bool with_head)
{
    QStringList lines;
    const int columns = model.columnCount();
    const auto line = [columns](auto&& text_at) {
        QStringList cells;
        for (int column = 0; column < columns; ++column) cells << text_at(column);
        return cells.join(u'\t');
    };
    if (with_head)
        lines << line([&](int column) {
            // A head may be written in two lines; a row of text is one.
            return model.headerData(column, Qt::Horizontal).toString().replace(u'\n', u' ');
        });
    for (const QModelIndex& row : rows)
        lines << line([&](int column) { return row.siblingAtColumn(column).data().toString(); });
    return lines.join(u'\n');
}

QString as_text(const QAbstractItemModel& model)
{
    QModelIndexList rows;
    for (int row = 0; row < model.rowCount(); ++row) rows << model.index(row, 0);
    return as_text(model, rows, true);
}

}  // namespace fedsleuth::ui
