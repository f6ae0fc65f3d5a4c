// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "storage/custody/excerpt.h"
#include "ui/session/source_place.h"

#include <QDialog>

class QLabel;
class QPlainTextEdit;

namespace fedsleuth::ui {

class CaseSession;

/// Shows a place in the evidence: the line and those around it, as plain text that can be read and copied and not
/// changed. It is read in a job; control and direction characters are visible escapes.
class SourceDialog : public QDialog {
    Q_OBJECT
public:
    SourceDialog(CaseSession& session, const SourcePlace& place, QWidget* parent = nullptr);

private:
    void read(CaseSession& session);
    void show_excerpt(const storage::Excerpt& excerpt);

    SourcePlace place_;
    QLabel* state_;
    QPlainTextEdit* text_;
};

/// Opens it without waiting for an answer; a finding that has no place in the evidence is no act.
void show_source(CaseSession& session, const std::optional<SourcePlace>& place, QWidget* parent);

}  // namespace fedsleuth::ui
