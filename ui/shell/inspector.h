// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/ids.h"
#include "model/verdict.h"

#include <map>
#include <QWidget>

class QLabel;
class QPlainTextEdit;
class QPushButton;

namespace fedsleuth::ui {

class CaseSession;
class CautionBanner;
class DossierView;

/// What is selected, in full: a client's dossier with the analyst's decision under it, or a round's facts.
class Inspector : public QWidget {
    Q_OBJECT
public:
    explicit Inspector(CaseSession& session, QWidget* parent = nullptr);

private:
    void build();
    void show_selection();
    void keep_draft();
    void decide(model::VerdictClass verdict);

    CaseSession& session_;
    CautionBanner* caution_;
    DossierView* dossier_;
    QWidget* decision_;
    QLabel* decided_;
    QPlainTextEdit* note_;
    std::map<model::VerdictClass, QPushButton*> buttons_;
    std::optional<model::ClientId> shown_;       ///< the client whose note is in the field
    std::map<model::ClientId, QString> drafts_;  ///< notes that were begun and not recorded yet
};

}  // namespace fedsleuth::ui
