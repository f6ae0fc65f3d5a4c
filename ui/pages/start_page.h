// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStringList>
#include <QWidget>

class QLabel;
class QListWidget;
class QPushButton;

namespace fedsleuth::ui {

/// What is seen while no case is open: what the program is, and the ways into it.
class StartPage : public QWidget {
    Q_OBJECT
public:
    explicit StartPage(QWidget* parent = nullptr);

    void set_recent(const QStringList& paths);
    void set_busy(const QString& opening);  ///< what is being opened; empty: nothing

signals:
    void folder_wanted();
    void case_wanted();
    void sample_wanted();
    void recent_wanted(const QString& path);

private:
    QPushButton* folder_;
    QPushButton* case_;
    QPushButton* sample_;
    QLabel* busy_;
    QLabel* recent_title_;
    QListWidget* recent_;
};

}  // namespace fedsleuth::ui
