// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/rollback_candidate.h"
#include "ui/pages/page.h"
#include "ui/session/case_data.h"
#include "ui/tables/table_model.h"

class QLabel;

namespace fedsleuth::ui {

class CheckpointCard;
class ComparePanel;
class EmptyState;
class Lane;
class LineChart;
class TableView;
class WhatIfPanel;

/// Which checkpoint to go back to, why, and what that costs.
class RollbackPage : public Page {
    Q_OBJECT
public:
    explicit RollbackPage(CaseSession& session, QWidget* parent = nullptr);

protected:
    void refresh() override;
    void show_selection() override;

private:
    struct Row {
        const model::RollbackCandidate* candidate;
        const model::Metrics* metrics;
    };
    [[nodiscard]] static std::vector<RowTable<Row>::Column> columns();
    void build();
    void fill(const CaseDataPtr& data);
    void show_contamination();
    void measure(const CaseDataPtr& data);

    QWidget* contents_;
    EmptyState* empty_;
    QLabel* title_;
    QLabel* why_;
    QLabel* price_;
    QLabel* note_;
    Lane* lane_;
    RowTable<Row>* table_;
    TableView* view_;
    CheckpointCard* card_;
    QLabel* chart_title_;
    LineChart* chart_;
    ComparePanel* compare_;
    WhatIfPanel* what_if_;
    std::optional<analysis::Counterfactual> contamination_;  ///< of measured_for_
    CaseDataPtr measured_for_;
};

}  // namespace fedsleuth::ui
