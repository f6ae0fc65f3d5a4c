// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/navigation.h"

#include "ui/pages/parts.h"
#include "ui/tables/mark_delegate.h"

#include <QScopedValueRollback>

namespace fedsleuth::ui {

Navigation::Navigation(QWidget* parent) : QListWidget(parent)
{
    setObjectName(QStringLiteral("navigation"));
    setAccessibleName(tr("Pages"));
    setFrameShape(NoFrame);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Expanding);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    viewport()->setBackgroundRole(QPalette::Window);
    setItemDelegate(new MarkDelegate(this));
    for (int idx = 0; idx < page_count; ++idx) {
        auto* item = new QListWidgetItem(title_of(static_cast<PageId>(idx)), this);
        item->setSizeHint({0, fontMetrics().height() + 3 * grid});
        item->setToolTip(tr("Ctrl+%1").arg(idx + 1));
    }
    connect(this, &QListWidget::currentRowChanged, this, [this](int row) {
        if (!silent_ && row >= 0) emit page_wanted(static_cast<PageId>(row));
    });
}

void Navigation::show_page(std::optional<PageId> page)
{
    const QScopedValueRollback quiet(silent_, true);
    setCurrentRow(page ? static_cast<int>(*page) : -1);
}

void Navigation::focusInEvent(QFocusEvent* event)
{
    // A list without a current item makes its first one current when it gets the focus: that is no wish for a page.
    const QScopedValueRollback quiet(silent_, true);
    const int before = currentRow();
    QListWidget::focusInEvent(event);
    if (before < 0) setCurrentRow(-1);
}

QSize Navigation::sizeHint() const
{
    return {fontMetrics().horizontalAdvance(QStringLiteral("Workshop")) + 14 * grid, QListWidget::sizeHint().height()};
}

QString Navigation::title_of(PageId page)
{
    switch (page) {
        case PageId::overview:
            return tr("Overview");
        case PageId::rounds:
            return tr("Rounds");
        case PageId::clients:
            return tr("Clients");
        case PageId::privacy:
            return tr("Privacy");
        case PageId::rollback:
            return tr("Rollback");
        case PageId::evidence:
            return tr("Evidence");
        case PageId::workshop:
            break;
    }
    return tr("Workshop");
}

}  // namespace fedsleuth::ui
