// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/tables/cells.h"

#include <functional>
#include <memory>
#include <QAbstractTableModel>
#include <QSortFilterProxyModel>
#include <utility>
#include <vector>

namespace fedsleuth::ui {

/// What a table's head says of a column.
struct ColumnHead {
    QString title;
    QString meaning;          ///< tooltip: what it is, with its unit
    bool number = false;      ///< stands right
    int characters = 0;       ///< width to begin with; 0: as its contents ask
    bool takes_rest = false;  ///< grows with the window
};

enum TableRole {
    SortRole = Qt::UserRole + 1,  ///< the raw value; invalid where unknown
    MarkRole,                     ///< int of a VerdictClass; invalid where the cell has no mark
};

/// The plumbing of every table here; what is in the cells comes from RowTable's columns.
class TableModel : public QAbstractTableModel {
    Q_OBJECT
public:
    using QAbstractTableModel::QAbstractTableModel;

    [[nodiscard]] virtual const ColumnHead& head(int column) const = 0;
    [[nodiscard]] virtual Cell cell(int row, int column) const = 0;

    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
};

/// A table whose rows are values of one type, and whose columns are functions of a row.
template <class Row>
class RowTable final : public TableModel {
public:
    struct Column {
        ColumnHead head;
        std::function<Cell(const Row&)> cell;
    };

    explicit RowTable(std::vector<Column> columns, QObject* parent = nullptr)
        : TableModel(parent), columns_(std::move(columns))
    {
    }

    /// `keep` is what the rows point into.
    void set_rows(std::vector<Row> rows, std::shared_ptr<const void> keep = {})
    {
        beginResetModel();
        rows_ = std::move(rows);
        keep_ = std::move(keep);
        endResetModel();
    }
    [[nodiscard]] const std::vector<Row>& rows() const { return rows_; }

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override
    {
        return parent.isValid() ? 0 : static_cast<int>(rows_.size());
    }
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override
    {
        return parent.isValid() ? 0 : static_cast<int>(columns_.size());
    }
    [[nodiscard]] const ColumnHead& head(int column) const override
    {
        return columns_[static_cast<std::size_t>(column)].head;
    }
    [[nodiscard]] Cell cell(int row, int column) const override
    {
        return columns_[static_cast<std::size_t>(column)].cell(rows_[static_cast<std::size_t>(row)]);
    }

private:
    std::vector<Column> columns_;
    std::vector<Row> rows_;
    std::shared_ptr<const void> keep_;
};

/// Sorts by SortRole; what is not known comes last, whichever way the column is sorted. Equal rows keep their order.
class TableOrder : public QSortFilterProxyModel {
    Q_OBJECT
public:
    explicit TableOrder(QObject* parent = nullptr);

protected:
    [[nodiscard]] bool lessThan(const QModelIndex& left, const QModelIndex& right) const override;
};

/// A whole model as text, one row a line, columns parted by tabs: for the clipboard and for tests.
[[nodiscard]] QString as_text(const QAbstractItemModel& model, const QModelIndexList& rows, bool with_head);
[[nodiscard]] QString as_text(const QAbstractItemModel& model);

}  // namespace fedsleuth::ui
