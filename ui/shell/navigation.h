// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/history.h"

#include <QListWidget>

namespace fedsleuth::ui {

/// The list of pages at the left.
class Navigation : public QListWidget {
    Q_OBJECT
public:
    explicit Navigation(QWidget* parent = nullptr);

    void show_page(std::optional<PageId> page);  ///< does not emit

    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] static QString title_of(PageId page);

signals:
    void page_wanted(fedsleuth::ui::PageId page);

protected:
    void focusInEvent(QFocusEvent* event) override;

private:
    bool silent_ = false;
};

}  // namespace fedsleuth::ui
