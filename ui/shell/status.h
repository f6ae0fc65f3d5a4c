// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QLabel;
class QProgressBar;
class QPushButton;
class QToolButton;

namespace fedsleuth::ui {

class CaseSession;

/// The window's bottom line: what is being worked on, how far it is, a Stop; and which rounds are shown.
class Status : public QWidget {
    Q_OBJECT
public:
    explicit Status(CaseSession& session, QWidget* parent = nullptr);

private:
    void show_jobs();
    void show_range();

    CaseSession& session_;
    QLabel* job_;
    QProgressBar* bar_;
    QPushButton* stop_;
    QLabel* range_;
    QToolButton* widen_;
};

}  // namespace fedsleuth::ui
