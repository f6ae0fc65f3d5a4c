// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QString>
#include <QWidget>
#include <vector>

namespace fedsleuth::ui {

/// One named bar: a count or an amount ≥ 0.
struct Bar {
    QString name;
    double value = 0;
    QColor color;
    QString value_text;  ///< written at its end; empty: the value with the digits it deserves
    QString tooltip;     ///< plain text
};

/// Horizontal bars, one under another, with their names on the left and their values at their ends; no axis is
/// needed. Painted: there are few, and they are to line up with the text.
class BarChart : public QWidget {
    Q_OBJECT
public:
    explicit BarChart(QWidget* parent = nullptr);

    void set_bars(std::vector<Bar> bars);

    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

signals:
    void bar_clicked(int bar_idx);

protected:
    void paintEvent(QPaintEvent* event) override;
    bool event(QEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;

private:
    [[nodiscard]] int bar_at(const QPoint& position) const;
    [[nodiscard]] int row_height() const;

    std::vector<Bar> bars_;
};

}  // namespace fedsleuth::ui
