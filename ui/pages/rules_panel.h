// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/whatif/column_vectors.h"
#include "analysis/whatif/whatif.h"
#include "ui/session/case_session.h"
#include "ui/tables/table_model.h"

#include <memory>
#include <optional>
#include <QTimer>
#include <QWidget>
#include <vector>

class QLabel;
class QListWidget;
class QListWidgetItem;
class QSlider;
class QToolButton;

namespace fedsleuth::ui {

class HeatMap;
class TableView;

/// What every rule would have made of the round that is shown: whom it would have heard, and where its step would have
/// gone. Answers while a slider is dragged: weights come from the ledger in a job of a moment, one at a time; the rules
/// that work coordinate by coordinate follow in a longer job once the hand rests, which the next change ends.
class RulesPanel : public QWidget {
    Q_OBJECT
public:
    explicit RulesPanel(CaseSession& session, QWidget* parent = nullptr);

    void set_round(const LedgerPtr& ledger);  ///< null: nothing to show
    void mark_client();                       ///< what is selected in the session

    /// The last answer; null before the first.
    [[nodiscard]] const analysis::WhatIf* answer() const { return answer_.get(); }
    /// Whether it is about what is set, in all that the ledger knows.
    [[nodiscard]] bool has_weights() const { return answer_ && !asking_; }
    /// The same for the rules that work coordinate by coordinate.
    [[nodiscard]] bool is_up_to_date() const { return !asking_ && !timer_.isActive() && !computing_; }
    [[nodiscard]] bool is_computing() const { return computing_; }

private:
    struct Row {
        std::size_t number;  ///< column of the heat map, from 1
        const analysis::RuleAnswer* outcome;
        std::optional<analysis::Gap> to_chosen;
    };
    struct Asked;  ///< what a job answers with

    void build();
    void connect_parts();
    void fill_clients();
    void change();  ///< a person turned something
    void ask();
    void compute_columns();
    void show_answer(Asked asked);
    void fill_heat_map();
    void fill_table();
    void say_remarks();
    void say_settings();
    [[nodiscard]] analysis::WhatIfQuestion question() const;
    [[nodiscard]] std::vector<model::ClientId> out() const;  ///< clients that are not ticked
    void tick(bool flagged_too);

    CaseSession& session_;
    QSlider* malicious_;
    QLabel* malicious_text_;
    QSlider* trimmed_;
    QLabel* trimmed_text_;
    QToolButton* everybody_;
    QToolButton* honest_;
    QListWidget* clients_list_;
    QLabel* state_;
    HeatMap* heat_map_;
    RowTable<Row>* table_;
    TableView* view_;
    QLabel* said_;
    QTimer timer_;  ///< until the hand rests

    LedgerPtr ledger_;
    CaseDataPtr data_;
    std::shared_ptr<const analysis::WhatIfRound> round_;
    std::shared_ptr<const analysis::ColumnVectors> columns_;
    std::shared_ptr<const analysis::WhatIf> answer_;
    std::vector<model::ClientId> clients_;  ///< all of the round, gravest verdict first: rows of the heat map
    std::size_t chosen_ = 0;                ///< rule that the others are held against
    bool asking_ = false;
    bool ask_again_ = false;
    bool computing_ = false;
    bool filling_ = false;
    quint64 round_count_ = 0;  ///< answers about an earlier round are dropped
};

}  // namespace fedsleuth::ui
