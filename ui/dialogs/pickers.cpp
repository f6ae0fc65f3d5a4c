// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dialogs/pickers.h"

#include <QFileDialog>
#include <QMessageBox>

namespace fedsleuth::ui {

namespace {

void ask(QFileDialog* dialog, Pickers::Answer answer)
{
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    QObject::connect(dialog, &QFileDialog::fileSelected, dialog, std::move(answer));
    dialog->open();
}

void pick_folder(QWidget* parent, const QString& start, Pickers::Answer answer)
{
    auto* dialog = new QFileDialog(parent, QFileDialog::tr("Open evidence folder"), start);
    dialog->setFileMode(QFileDialog::Directory);
    dialog->setOption(QFileDialog::ShowDirsOnly);
    ask(dialog, std::move(answer));
}

void pick_case(QWidget* parent, const QString& start, Pickers::Answer answer)
{
    auto* dialog = new QFileDialog(parent, QFileDialog::tr("Open case"), start,
                                   QFileDialog::tr("Fedsleuth cases (*.fedcase);;All files (*)"));
    dialog->setFileMode(QFileDialog::ExistingFile);
    ask(dialog, std::move(answer));
}

void pick_probe(QWidget* parent, const QString& title, Pickers::Answer answer)
{
    auto* dialog = new QFileDialog(parent, title, QString(), QFileDialog::tr("NumPy archives (*.npz);;All files (*)"));
    dialog->setFileMode(QFileDialog::ExistingFile);
    ask(dialog, std::move(answer));
}

void show_about(QWidget* parent)
{
    auto* box =
        new QMessageBox(QMessageBox::NoIcon, QMessageBox::tr("About Fedsleuth"),
                        QMessageBox::tr("Fedsleuth %1\n\nForensics for federated learning.\n\n"
                                        "Free software under the GNU General Public License, version 3 or later. "
                                        "It comes with no warranty.\n\nBuilt on Qt %2 and Qt Charts.")
                            .arg(QStringLiteral(FEDSLEUTH_VERSION), QString::fromLatin1(qVersion())),
                        QMessageBox::Close, parent);
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->setTextFormat(Qt::PlainText);
    box->open();
}

}  // namespace

Pickers dialog_pickers() { return {pick_folder, pick_case, show_about, pick_probe}; }

}  // namespace fedsleuth::ui
