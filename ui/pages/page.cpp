// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/page.h"

#include "ui/session/case_session.h"

#include <QEvent>

namespace fedsleuth::ui {

Page::Page(CaseSession& session, QWidget* parent) : QWidget(parent), session_(session)
{
    connect(&session, &CaseSession::data_changed, this, &Page::mark_stale);
    connect(&session.range(), &RoundRange::changed, this, &Page::mark_stale);
    const auto reselect = [this] {
        if (isVisible() && !stale_) show_selection();
    };
    connect(&session.selection(), &Selection::client_changed, this, reselect);
    connect(&session.selection(), &Selection::round_changed, this, reselect);
}

void Page::mark_stale()
{
    stale_ = true;
    // Without a case there is little to do, and nothing of the last one is to be kept, not even unseen.
    if (!isVisible() && session_.data()) return;
    stale_ = false;
    refresh();
    show_selection();
}

void Page::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    if (stale_) {
        stale_ = false;
        refresh();
    }
    show_selection();
}

void Page::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange) mark_stale();
}

}  // namespace fedsleuth::ui
