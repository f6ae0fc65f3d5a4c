// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/pages/page.h"
#include "ui/pages/round_picture.h"
#include "ui/session/case_session.h"

#include <map>
#include <optional>

class QCheckBox;
class QComboBox;
class QLabel;
class QSpinBox;
class QSplitter;
class QTabWidget;
class QToolButton;

namespace fedsleuth::ui {

class EmptyState;
class HeatMap;
class RoundTable;
class RulesPanel;
class Scatter;
class TableView;
struct Words;

/// One round at a time: where its updates lie, how alike they are, and what every detector says of each client. Shows
/// the selected round, or the most suspicious one of the chosen range while none is selected.
class RoundsPage : public Page {
    Q_OBJECT
public:
    explicit RoundsPage(CaseSession& session, QWidget* parent = nullptr);

protected:
    void refresh() override;
    void show_selection() override;

private:
    void build();
    void connect_parts();
    void show_round(std::optional<model::RoundNo> round);
    void request_picture(model::RoundNo round);
    void show_picture(std::shared_ptr<const RoundPicture> picture);
    void fill_scatter();
    void fill_heat_map();
    void fill_table();
    void clear_figures(const Words& why);
    void step(int by);  ///< to a neighbouring round of the chosen range
    void mark_client();
    void show_rules();  ///< asks the rules about the round, if they are looked at
    void select(const std::vector<model::ClientId>& clients, int idx);
    [[nodiscard]] std::vector<model::RoundNo> rounds_in_range() const;

    QWidget* contents_;
    EmptyState* empty_;
    QLabel* title_;
    QLabel* counts_;
    QToolButton* previous_;
    QSpinBox* number_;
    QToolButton* next_;
    QToolButton* worst_;
    QTabWidget* tabs_;
    QSplitter* figures_;
    EmptyState* obstacle_;
    QCheckBox* crowd_;
    QComboBox* colors_by_;
    QLabel* plane_note_;
    Scatter* scatter_;
    HeatMap* heat_map_;
    RoundTable* table_;
    TableView* view_;
    RulesPanel* rules_;

    std::optional<model::RoundNo> round_;  ///< that is shown
    LedgerPtr ledger_;                     ///< of that round; null until it is read
    LedgerPtr asked_;                      ///< that the rules are asked about
    std::shared_ptr<const RoundPicture> picture_;
    std::vector<model::ClientId> heat_clients_;        ///< rows of the heat map
    std::map<model::ClientId, std::size_t> point_of_;  ///< of the scatter plot
    bool numbering_ = false;                           ///< the spin box is being set, not used
};

}  // namespace fedsleuth::ui
