// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/rollback/compare.h"
#include "ui/session/case_data.h"
#include "ui/tables/table_model.h"

#include <optional>
#include <QWidget>

class QComboBox;
class QLabel;

namespace fedsleuth::ui {

class CaseSession;
class TableView;

/// Any two checkpoints side by side: per layer how far they lie apart, and the angle between them.
class ComparePanel : public QWidget {
    Q_OBJECT
public:
    explicit ComparePanel(CaseSession& session, QWidget* parent = nullptr);

    /// Offers the case's checkpoints; the recommended one against the last, to begin with.
    void show_case(const CaseDataPtr& data);
    /// The checkpoint that is to be compared with the other.
    void select(std::optional<model::RoundNo> round);

private:
    using Row = analysis::LayerComparison;
    [[nodiscard]] static std::vector<RowTable<Row>::Column> columns();
    [[nodiscard]] std::optional<model::RoundNo> chosen(const QComboBox* box) const;
    void compare();
    [[nodiscard]] QString words(model::RoundNo a, model::RoundNo b, const std::vector<Row>& layers) const;

    CaseSession& session_;
    CaseDataPtr data_;
    QComboBox* first_;
    QComboBox* second_;
    QLabel* answer_;
    RowTable<Row>* table_;
    TableView* view_;
};

}  // namespace fedsleuth::ui
