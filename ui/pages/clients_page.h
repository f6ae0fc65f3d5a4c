// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/pages/client_matrix.h"
#include "ui/pages/page.h"
#include "ui/session/case_data.h"

class QComboBox;
class QLabel;
class QLineEdit;

namespace fedsleuth::ui {

class CautionBanner;
class EmptyState;
class HeatMap;
class LineChart;

/// All clients over the chosen rounds in one number, and under it the selected one against the crowd. Clients can be
/// filtered (ClientFilter says how); what is left out is said on the page.
class ClientsPage : public Page {
    Q_OBJECT
public:
    explicit ClientsPage(CaseSession& session, QWidget* parent = nullptr);

protected:
    void refresh() override;
    void show_selection() override;

private:
    void build();
    void connect_parts();
    void fill_statistics();
    void fill_matrix();    ///< of all clients and rounds; only when case or statistic changed
    void fill_heat_map();  ///< the filtered clients in the chosen rounds
    void fill_chart();
    void show_caret();
    void say_what_is_shown(const QString& error);
    [[nodiscard]] const ClientStatistic* statistic() const;
    [[nodiscard]] QString answer() const;

    QWidget* contents_;
    EmptyState* empty_;
    QLabel* title_;
    CautionBanner* caution_;
    QLabel* shown_;  ///< how many clients and rounds, and what is wrong with the filter
    QComboBox* statistic_box_;
    QComboBox* order_box_;
    QLineEdit* filter_;
    HeatMap* heat_map_;
    QLabel* chart_title_;
    LineChart* chart_;

    CaseDataPtr data_;  ///< that the matrix was made of
    std::vector<ClientStatistic> statistics_;
    ClientMatrix matrix_;
    HeatScale scale_;                               ///< of the matrix
    std::vector<CrowdQuartiles> crowd_;             ///< of its rounds, once a chart has needed them
    std::vector<std::size_t> rows_;                 ///< of the heat map: rows of the matrix
    std::size_t first_round_ = 0, last_round_ = 0;  ///< columns of the matrix
    std::optional<model::ClientId> charted_;
    bool chart_stale_ = true;
};

}  // namespace fedsleuth::ui
