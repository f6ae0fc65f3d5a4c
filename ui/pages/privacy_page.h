// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/pages/page.h"
#include "ui/session/budget_lines.h"
#include "ui/tables/table_model.h"

class QLabel;

namespace fedsleuth::ui {

class EmptyState;
class LineChart;
class TableView;

/// What the clients say that they have spent of the privacy budget, round by round.
class PrivacyPage : public Page {
    Q_OBJECT
public:
    explicit PrivacyPage(CaseSession& session, QWidget* parent = nullptr);

protected:
    void refresh() override;
    void show_selection() override;

private:
    struct Row {
        const analysis::ClientBudget* client;
        std::optional<double> budget;
        model::VerdictClass shown;
    };
    [[nodiscard]] static std::vector<RowTable<Row>::Column> columns();
    void build();
    void fill_chart();
    void fill_table();

    QWidget* contents_;
    EmptyState* empty_;
    QLabel* title_;
    QLabel* mechanism_;
    QLabel* caveat_;
    QLabel* left_out_;
    LineChart* chart_;
    RowTable<Row>* table_;
    TableView* view_;
    std::vector<model::ClientId> line_clients_;  ///< of the chart's lines, in their order
    std::optional<model::ClientId> drawn_for_;   ///< the selection that the chart shows
};

}  // namespace fedsleuth::ui
