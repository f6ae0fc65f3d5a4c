// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/privacy_what_if.h"
#include "ui/session/privacy_words.h"
#include "ui/tables/table_model.h"

#include <QWidget>

class QDoubleSpinBox;
class QLabel;
class QSpinBox;

namespace fedsleuth::ui {

class TableView;

/// One client: the stretches of its rounds with the same mechanism, and where more rounds would lead.
class PrivacyClientPanel : public QWidget {
    Q_OBJECT
public:
    explicit PrivacyClientPanel(QWidget* parent = nullptr);

    /// Null: no client is known. `audit` is kept while it is shown.
    void show_client(AuditPtr audit, const analysis::ClientAudit* client);
    void show_answer(const model::Result<WhatIf>& answer);

    [[nodiscard]] double noise() const;
    [[nodiscard]] std::int64_t more_rounds() const;

signals:
    void asked();  ///< another noise, or another number of rounds

private:
    using Segment = analysis::MechanismSegment;
    [[nodiscard]] static std::vector<RowTable<Segment>::Column> columns();

    AuditPtr audit_;
    const analysis::ClientAudit* client_ = nullptr;
    QLabel* title_;
    QLabel* claims_;
    RowTable<Segment>* table_;
    TableView* view_;
    QDoubleSpinBox* noise_;
    QSpinBox* rounds_;
    QLabel* answer_;
    bool silent_ = false;
};

}  // namespace fedsleuth::ui
