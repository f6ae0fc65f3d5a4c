// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tables/table_view.h"

#include "ui/plots/palette.h"
#include "ui/tables/mark_delegate.h"
#include "ui/tables/table_header.h"

#include <algorithm>
#include <QAction>
#include <QClipboard>
#include <QGuiApplication>
#include <QHeaderView>
#include <QKeyEvent>
#include <QPainter>
#include <QScopedValueRollback>

namespace fedsleuth::ui {

TableView::TableView(QWidget* parent) : QTableView(parent), order_(new TableOrder(this))
{
    setModel(order_);
    setHorizontalHeader(new TableHeader(this));
    // Columns are as wide as what is seen first: to measure a thousand rows takes longer than a window may stand still.
    constexpr int measured_rows = 64;
    horizontalHeader()->setResizeContentsPrecision(measured_rows);
    setItemDelegate(new MarkDelegate(this));
    setSelectionBehavior(SelectRows);
    setSelectionMode(ExtendedSelection);
    setEditTriggers(NoEditTriggers);
    setShowGrid(false);
    setFrameShape(NoFrame);
    setWordWrap(false);
    setTabKeyNavigation(false);
    setHorizontalScrollMode(ScrollPerPixel);
    setSortingEnabled(true);
    verticalHeader()->hide();
    horizontalHeader()->setSortIndicator(-1, Qt::AscendingOrder);
    fit_rows();
    connect(horizontalHeader(), &QHeaderView::sectionResized, this, [this](int column) {
        if (!fitting_ && table_ && !table_->head(column).takes_rest) own_widths_.insert(column);
    });

    auto* copy_action = new QAction(tr("Copy rows"), this);
    copy_action->setShortcut(QKeySequence::Copy);
    copy_action->setShortcutContext(Qt::WidgetShortcut);
    connect(copy_action, &QAction::triggered, this, &TableView::copy);
    addAction(copy_action);
    setContextMenuPolicy(Qt::ActionsContextMenu);

    connect(selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this](const QModelIndex& current) {
        if (!silent_ && current.isValid()) emit row_selected(order_->mapToSource(current).row());
    });
    connect(this, &QAbstractItemView::doubleClicked, this,
            [this](const QModelIndex& index) { emit row_activated(order_->mapToSource(index).row()); });
}

void TableView::show_table(TableModel* model)
{
    const QScopedValueRollback quiet(silent_, true);
    table_ = model;
    order_->setSourceModel(model);
    for (int column = 0; column < model->columnCount(); ++column)
        horizontalHeader()->setSectionResizeMode(
            column, model->head(column).takes_rest ? QHeaderView::Stretch : QHeaderView::Interactive);
    connect(model, &QAbstractItemModel::modelReset, this, &TableView::fit_columns);
    fit_columns();
}

void TableView::set_empty_text(const QString& text)
{
    empty_text_ = text;
    viewport()->update();
}

void TableView::sort_first_by(int column, Qt::SortOrder order) { sortByColumn(column, order); }

void TableView::select_row(std::optional<int> model_row)
{
    const QScopedValueRollback quiet(silent_, true);
    if (!model_row) {
        setCurrentIndex({});
        clearSelection();
        return;
    }
    const QModelIndex index = order_->mapFromSource(table_->index(*model_row, 0));
    if (currentIndex().row() == index.row() && selectionModel()->isRowSelected(index.row())) return;
    selectionModel()->setCurrentIndex(index, QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
    scrollTo(index);
}

std::optional<int> TableView::selected_row() const
{
    const QModelIndex current = currentIndex();
    if (!current.isValid()) return std::nullopt;
    return order_->mapToSource(current).row();
}

void TableView::paintEvent(QPaintEvent* event)
{
    QTableView::paintEvent(event);
    if (order_->rowCount() > 0 || empty_text_.isEmpty()) return;
    QPainter painter(viewport());
    painter.setPen(Palette::of(palette()).quiet);
    painter.drawText(viewport()->rect().adjusted(cell_padding, cell_padding, -cell_padding, -cell_padding),
                     Qt::AlignTop | Qt::AlignLeft | Qt::TextWordWrap, empty_text_);
}

void TableView::keyPressEvent(QKeyEvent* event)
{
    if ((event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) && currentIndex().isValid()) {
        emit row_activated(order_->mapToSource(currentIndex()).row());
        return;
    }
    if (event->matches(QKeySequence::Copy)) {
        copy();
        return;
    }
    QTableView::keyPressEvent(event);
}

void TableView::changeEvent(QEvent* event)
{
    QTableView::changeEvent(event);
    if (event->type() == QEvent::FontChange) fit_rows();
}

void TableView::copy() const
{
    QModelIndexList rows = selectionModel()->selectedRows();
    if (rows.isEmpty()) return;
    std::sort(rows.begin(), rows.end(), [](const QModelIndex& a, const QModelIndex& b) { return a.row() < b.row(); });
    QGuiApplication::clipboard()->setText(as_text(*order_, rows, rows.size() > 1));
}

void TableView::fit_columns()
{
    if (!table_) return;
    const int character = fontMetrics().horizontalAdvance(u'0');
    const QScopedValueRollback ours(fitting_, true);
    for (int column = 0; column < table_->columnCount(); ++column) {
        const ColumnHead& head = table_->head(column);
        if (head.takes_rest || own_widths_.contains(column)) continue;
        const int widest = (head.characters > 0 ? head.characters : 48) * character + 2 * cell_padding;
        const int needed = std::max(sizeHintForColumn(column), horizontalHeader()->sectionSizeHint(column));
        const int wanted = std::min(needed, std::max(widest, horizontalHeader()->sectionSizeHint(column)));
        // Once there are contents, widths only grow: a table whose columns jump is hard to read.
        if (wanted > columnWidth(column) || !had_rows_) setColumnWidth(column, wanted);
    }
    had_rows_ = had_rows_ || table_->rowCount() > 0;
}

void TableView::fit_rows()
{
    // A multiple of the 4-pixel grid.
    const int height = (fontMetrics().height() + 4 + 3) / 4 * 4;
    verticalHeader()->setMinimumSectionSize(height);
    verticalHeader()->setDefaultSectionSize(height);
    verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
}

}  // namespace fedsleuth::ui
