// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/pages/page.h"
#include "ui/session/workshop.h"
#include "ui/tables/table_model.h"

#include <functional>
#include <vector>

class QComboBox;
class QLabel;
class QPushButton;
class QSpinBox;

namespace fedsleuth::ui {

class LineChart;
class TableView;

/// A federation is trained and attacked in front of an audience: what the attack does to the model, whom the program
/// would have found, and the evidence of it as a case. Needs no open case.
class WorkshopPage : public Page {
    Q_OBJECT
public:
    explicit WorkshopPage(CaseSession& session, QWidget* parent = nullptr);
    ~WorkshopPage() override;

    /// Asks for a folder that is to be made, without waiting for the answer; a test puts its own here.
    std::function<void(std::function<void(const QString& folder)>)> pick_folder;

protected:
    void refresh() override;
    void show_selection() override;

private:
    struct Row {
        const model::Verdict* verdict = nullptr;
        const WorkshopRun* run = nullptr;
    };
    [[nodiscard]] static std::vector<RowTable<Row>::Column> columns();
    [[nodiscard]] QWidget* make_form();
    [[nodiscard]] QString lane() const;
    [[nodiscard]] WorkshopChoice choice() const;
    void run();
    void finish(model::Result<WorkshopRun> run);
    void open_as_case();
    void write_to(const QString& folder);
    void show_state();
    void show_chart();
    void show_run();

    QComboBox* attack_;
    QComboBox* rule_;
    QComboBox* partition_;
    QSpinBox* clients_;
    QSpinBox* rounds_count_;
    QSpinBox* attackers_;
    QSpinBox* onset_;
    QSpinBox* seed_;
    QPushButton* start_;
    QPushButton* stop_;
    QPushButton* open_;
    QLabel* state_;
    LineChart* chart_;
    RowTable<Row>* table_;
    TableView* view_;

    std::vector<analysis::lab::RoundOutcome> outcomes_;
    std::shared_ptr<const WorkshopRun> finished_;
    int onset_round_ = 0;  ///< of what is shown; 0: nobody attacks
    bool writing_ = false;
    QString failure_;
};

}  // namespace fedsleuth::ui
