// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/dossier.h"

#include <QTextBrowser>

namespace fedsleuth::ui {

/// A dossier as one text that can be selected and copied. It is put in as plain text, piece by piece: nothing in it
/// is ever read as HTML, and its only links are those to places in the evidence.
class DossierView : public QTextBrowser {
    Q_OBJECT
public:
    explicit DossierView(QWidget* parent = nullptr);

    void show_dossier(const Dossier& dossier);
    void show_words(const QString& words);  ///< where there is nothing to show

signals:
    void source_wanted(const SourcePlace& place);

protected:
    void changeEvent(QEvent* event) override;

private:
    void write();

    Dossier dossier_;
    std::vector<SourcePlace> sources_;  ///< by the number in a link
    QString words_;
};

}  // namespace fedsleuth::ui
