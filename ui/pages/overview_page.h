// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/finding.h"
#include "ui/pages/page.h"
#include "ui/session/case_data.h"
#include "ui/tables/table_model.h"

#include <array>

class QLabel;
class QSplitter;

namespace fedsleuth::ui {

class EmptyState;
class FigureRow;
class TableView;

/// What happened, in five sentences and five figures; under them who is suspected, and what was found.
class OverviewPage : public Page {
    Q_OBJECT
public:
    explicit OverviewPage(CaseSession& session, QWidget* parent = nullptr);

protected:
    void refresh() override;
    void show_selection() override;

private:
    struct Suspect {
        const model::Verdict* verdict;
        model::VerdictClass shown;
        bool decided;
    };
    using Finding = const model::Finding*;

    [[nodiscard]] static std::vector<RowTable<Suspect>::Column> suspect_columns();
    [[nodiscard]] static std::vector<RowTable<Finding>::Column> finding_columns();
    void build();
    void fill_suspects(const CaseDataPtr& data);
    void fill_findings(const CaseDataPtr& data);
    void share_room(const CaseDataPtr& data);

    QWidget* contents_;
    EmptyState* empty_;
    QLabel* title_;
    QLabel* subtitle_;
    std::array<QLabel*, 5> sentences_{};
    FigureRow* figures_;
    QLabel* scope_;
    QSplitter* tables_;
    QLabel* suspects_title_;
    QLabel* findings_title_;
    QLabel* findings_hint_;
    RowTable<Suspect>* suspects_;
    RowTable<Finding>* findings_;
    TableView* suspects_view_;
    TableView* findings_view_;
    std::string shared_for_;  ///< the case that the room was shared out for
};

}  // namespace fedsleuth::ui
