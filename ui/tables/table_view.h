// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/tables/table_model.h"

#include <optional>
#include <QTableView>
#include <set>

namespace fedsleuth::ui {

/// A sortable, copyable table in the program's look: whole rows, hairlines, marks before classes. Rows are named by
/// their number in the TableModel, whatever the order on screen.
class TableView : public QTableView {
    Q_OBJECT
public:
    explicit TableView(QWidget* parent = nullptr);

    void show_table(TableModel* model);        ///< does not take ownership
    void set_empty_text(const QString& text);  ///< said in the middle of a table without rows
    void sort_first_by(int column, Qt::SortOrder order);
    void select_row(std::optional<int> model_row);  ///< marks it and brings it into sight; does not emit
    [[nodiscard]] std::optional<int> selected_row() const;

signals:
    void row_selected(int model_row);   ///< by the person
    void row_activated(int model_row);  ///< double click, Enter

protected:
    void paintEvent(QPaintEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void copy() const;
    void fit_columns();
    void fit_rows();

    TableOrder* order_;
    TableModel* table_ = nullptr;
    QString empty_text_;
    bool silent_ = false;
    bool fitting_ = false;
    bool had_rows_ = false;
    std::set<int> own_widths_;  ///< columns whose width the person has set
};

}  // namespace fedsleuth::ui
