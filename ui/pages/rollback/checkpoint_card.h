// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/case_data.h"

#include <optional>
#include <QWidget>

class QLabel;

namespace fedsleuth::ui {

/// One checkpoint in words: what it is worth, why, and what going back to it costs.
class CheckpointCard : public QWidget {
    Q_OBJECT
public:
    explicit CheckpointCard(QWidget* parent = nullptr);
    /// The round's checkpoint; nothing, or one without a checkpoint: the recommended one.
    void show_checkpoint(const CaseDataPtr& data, std::optional<model::RoundNo> round);

private:
    QLabel* title_;
    QLabel* status_;
    QLabel* why_;
    QLabel* checks_;
    QLabel* price_;
    QLabel* levels_;
    QLabel* doubt_;
};

}  // namespace fedsleuth::ui
