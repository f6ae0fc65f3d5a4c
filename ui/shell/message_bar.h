// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QLabel;

namespace fedsleuth::ui {

/// What went wrong and what to do next, above the page: it stays until it is closed or another comes, and stops
/// nobody from working.
class MessageBar : public QWidget {
    Q_OBJECT
public:
    explicit MessageBar(QWidget* parent = nullptr);

    void show_message(const QString& text);
    [[nodiscard]] QString text() const;

private:
    QLabel* label_;
};

}  // namespace fedsleuth::ui
