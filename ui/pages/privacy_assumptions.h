// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "analysis/privacy/audit.h"

#include <QWidget>

class QComboBox;
class QLabel;
class QLineEdit;
class QToolButton;

namespace fedsleuth::ui {

/// What the audit assumes, in plain words, and the knobs to assume something else.
class PrivacyAssumptions : public QWidget {
    Q_OBJECT
public:
    explicit PrivacyAssumptions(QWidget* parent = nullptr);

    /// Says what this audit assumed. `why_fixed`: why nothing can be changed; empty where it can.
    void show_audit(const analysis::PrivacyAudit& audit, const QString& why_fixed);
    void show_trouble(const QString& text);  ///< a change that could not be carried out; empty: none
    void reset();                            ///< as the case says; silently
    [[nodiscard]] analysis::AuditOptions options() const;
    [[nodiscard]] bool is_changed() const;  ///< some knob is not as the case says

signals:
    void changed();  ///< by the person

private:
    void tell();

    QComboBox* accountant_;
    QLineEdit* delta_;
    QLineEdit* rate_;
    QComboBox* unit_;
    QToolButton* reset_;
    QLabel* words_;
    QLabel* trouble_;
    bool silent_ = false;
};

}  // namespace fedsleuth::ui
