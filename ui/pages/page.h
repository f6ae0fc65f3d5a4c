// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

namespace fedsleuth::ui {

class CaseSession;

/// One page of the window. It redraws when the session's data, selection or round range changed and it is seen: what
/// changes while the page is hidden is done once, when it is shown.
class Page : public QWidget {
    Q_OBJECT
public:
    explicit Page(CaseSession& session, QWidget* parent = nullptr);

protected:
    /// Shows the session's data; called when the case, the round range or the palette changed. Also without a case:
    /// the page then says what would be there and how to get it.
    virtual void refresh() = 0;
    /// Marks what is selected; cheap.
    virtual void show_selection() = 0;

    [[nodiscard]] CaseSession& session() const { return session_; }
    void showEvent(QShowEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void mark_stale();

    CaseSession& session_;
    bool stale_ = true;
};

}  // namespace fedsleuth::ui
