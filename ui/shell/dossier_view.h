// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/dossier.h"

#include <QTextEdit>

namespace fedsleuth::ui {

/// A dossier as one text that can be selected and copied. It is put in as plain text, piece by piece: nothing in it
/// is ever read as HTML.
class DossierView : public QTextEdit {
    Q_OBJECT
public:
    explicit DossierView(QWidget* parent = nullptr);

    void show_dossier(const Dossier& dossier);
    void show_words(const QString& words);  ///< where there is nothing to show

protected:
    void changeEvent(QEvent* event) override;

private:
    void write();

    Dossier dossier_;
    QString words_;
};

}  // namespace fedsleuth::ui
