// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/start_page.h"

#include "ui/pages/parts.h"
#include "ui/plots/plot_text.h"
#include "ui/tables/mark_delegate.h"

#include <QDir>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QListWidget>
#include <QPushButton>
#include <QVBoxLayout>

namespace fedsleuth::ui {

StartPage::StartPage(QWidget* parent)
    : QWidget(parent),
      folder_(new QPushButton(tr("Open evidence &folder…"), this)),
      case_(new QPushButton(tr("Open &case…"), this)),
      sample_(new QPushButton(tr("Open the &sample"), this)),
      busy_(make_text(this)),
      recent_title_(make_section_title(tr("Recent cases"), this)),
      recent_(new QListWidget(this))
{
    auto* what = make_text(this);
    what->setText(
        tr("Fedsleuth reads what a federated-learning server recorded, and tells which clients poisoned which rounds, "
           "since when, how, and how sure that is. It also shows who overspent the privacy budget, and which "
           "checkpoint is the last clean one."));
    auto* hint = make_quiet_text(this);
    hint->setText(
        tr("An evidence folder holds federation.jsonl beside its updates and checkpoints; it is only read. "
           "You can also drop a folder or a .fedcase file on this window."));
    folder_->setDefault(true);

    recent_->setFrameShape(QFrame::NoFrame);
    recent_->setVerticalScrollBarPolicy(Qt::ScrollBarAsNeeded);
    recent_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    recent_->setItemDelegate(new MarkDelegate(recent_));
    recent_->setTextElideMode(Qt::ElideMiddle);
    recent_->viewport()->setAutoFillBackground(false);
    recent_->setAccessibleName(tr("Recent cases"));
    connect(recent_, &QListWidget::itemActivated, this,
            [this](const QListWidgetItem* item) { emit recent_wanted(item->data(Qt::UserRole).toString()); });
    connect(recent_, &QListWidget::itemClicked, this,
            [this](const QListWidgetItem* item) { emit recent_wanted(item->data(Qt::UserRole).toString()); });
    connect(folder_, &QPushButton::clicked, this, &StartPage::folder_wanted);
    connect(case_, &QPushButton::clicked, this, &StartPage::case_wanted);
    connect(sample_, &QPushButton::clicked, this, &StartPage::sample_wanted);

    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(2 * grid);
    for (QPushButton* button : {folder_, case_, sample_}) {
        button->setMinimumSize(button->sizeHint() + QSize(4 * grid, grid));
        buttons->addWidget(button);
    }
    buttons->addStretch(1);

    auto* column = new QWidget(this);
    column->setMaximumWidth(640);
    auto* layout = new QVBoxLayout(column);
    layout->setContentsMargins(6 * grid, 12 * grid, 6 * grid, 4 * grid);
    layout->setSpacing(3 * grid);
    layout->addWidget(make_title(QStringLiteral("Fedsleuth"), column));
    layout->addWidget(what);
    layout->addSpacing(grid);
    layout->addLayout(buttons);
    layout->addWidget(hint);
    layout->addWidget(busy_);
    layout->addSpacing(4 * grid);
    layout->addWidget(recent_title_);
    layout->addWidget(make_hairline(column));
    layout->addWidget(recent_, 1);

    auto* centred = new QHBoxLayout(this);
    centred->setContentsMargins(0, 0, 0, 0);
    centred->addStretch(1);
    centred->addWidget(column, 8);
    centred->addStretch(1);
    setFocusProxy(folder_);
    set_busy({});
    set_recent({});
}

void StartPage::set_recent(const QStringList& paths)
{
    recent_->clear();
    for (const QString& path : paths) {
        const QFileInfo info(path);
        auto* item = new QListWidgetItem(tr("%1   —   %2")
                                             .arg(shown(info.completeBaseName().toStdString()),
                                                  shown(QDir::toNativeSeparators(info.path()).toStdString())));
        item->setData(Qt::UserRole, path);
        item->setSizeHint({0, fontMetrics().height() + 2 * grid});
        item->setToolTip(tooltip_html(shown(path.toStdString())));
        recent_->addItem(item);
    }
    recent_title_->setText(paths.isEmpty() ? tr("No recent cases") : tr("Recent cases"));
    recent_->setVisible(!paths.isEmpty());
}

void StartPage::set_busy(const QString& opening)
{
    say(busy_, opening.isEmpty() ? QString() : tr("Opening %1 …").arg(shown(opening.toStdString())));
    for (QPushButton* button : {folder_, case_, sample_}) button->setEnabled(opening.isEmpty());
}

}  // namespace fedsleuth::ui
