// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/rollback/replay.h"
#include "ui/plots/palette.h"
#include "ui/session/case_data.h"

#include <QWidget>

class QCheckBox;
class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QScrollArea;

namespace fedsleuth::ui {

class CaseSession;
class LineChart;

/// What would have been: without some clients, under another rule. The replay runs in a job; its curve is shown, and
/// its checkpoints can be exported.
class WhatIfPanel : public QWidget {
    Q_OBJECT
public:
    explicit WhatIfPanel(CaseSession& session, QWidget* parent = nullptr);
    void show_case(const CaseDataPtr& data);

protected:
    void changeEvent(QEvent* event) override;

private:
    void build();
    [[nodiscard]] model::Result<analysis::ReplayRequest> request() const;
    void replay();
    void export_to(const QString& folder);
    void show_replay();
    void draw(const Palette& colors);
    void set_running(bool running);
    void name_start();  ///< says where the replay begins if nobody says otherwise

    CaseSession& session_;
    CaseDataPtr data_;
    QCheckBox* flagged_;
    QLineEdit* exclude_;
    QComboBox* rule_;
    QComboBox* from_;
    QPushButton* run_;
    QPushButton* stop_;
    QPushButton* export_;
    QLabel* answer_;
    QLabel* badge_;
    QScrollArea* scroll_;  ///< of the question and the answer
    LineChart* chart_;
    LineChart* probe_chart_;  ///< seen where there are probes
    /// A replay, and how its models do on the probes.
    struct Replayed {
        analysis::Counterfactual curve;
        std::vector<analysis::ProbedPoint> probed;
    };
    std::optional<Replayed> replay_;
    analysis::ReplayRequest shown_request_;
};

}  // namespace fedsleuth::ui
