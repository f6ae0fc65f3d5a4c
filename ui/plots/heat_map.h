// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/plots/heat_geometry.h"
#include "ui/plots/heat_image.h"

#include <functional>
#include <optional>
#include <QImage>
#include <QWidget>

namespace fedsleuth::ui {

struct HeatContents {
    std::vector<double> values;  ///< rows × cols, row-major; NaN: no value
    std::size_t rows = 0, cols = 0;
    std::vector<QString> row_names;                 ///< plain text
    std::vector<model::VerdictClass> row_verdicts;  ///< marks before the names; may be empty
    std::vector<QString> col_names;                 ///< plain text; for the ticks and the tooltip
    bool col_labels = true;                         ///< false: the columns are named in the tooltip alone
    bool square = false;                            ///< cells as wide as high
    QString row_title;                              ///< "client", for the tooltip
    QString col_title;                              ///< "Round", below the ticks
    HeatScale scale;
    std::function<QString(std::size_t, std::size_t)> note;  ///< more lines for a cell's tooltip; may be empty
    QString missing_text = QStringLiteral("no value");      ///< what a cell without one means
    QString empty_text;                                     ///< said where there are no cells
};

/// A matrix in colours, with names, ticks, a legend and a tooltip with the exact value. Click selects, double click or
/// Enter activates, arrows (with Control: to the end), Home, End, Page Up and Page Down move.
class HeatMap : public QWidget {
    Q_OBJECT
public:
    explicit HeatMap(QWidget* parent = nullptr);

    void set_contents(HeatContents contents);
    [[nodiscard]] const HeatContents& contents() const { return contents_; }
    /// Outlines them; does not emit.
    void set_selected(std::optional<std::size_t> row, std::optional<std::size_t> col);

    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;
    [[nodiscard]] QString tooltip(const HeatCell& cell) const;  ///< plain text

signals:
    void cell_selected(int row, int col);  ///< col is −1 where only a row was meant (its name, ↑ ↓)
    void cell_activated(int row, int col);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    void lay_out();
    [[nodiscard]] MatrixView matrix() const { return {contents_.values, contents_.rows, contents_.cols}; }
    void paint_names(QPainter& painter, const Palette& colors) const;
    void paint_columns(QPainter& painter, const Palette& colors) const;
    /// The colour bar with its ends, what it measures, what its zero means, what a cell without a value means.
    struct Legend {
        QString low, high, name, zero, missing;  ///< the last two may be empty
    };
    [[nodiscard]] Legend legend() const;
    void paint_legend(QPainter& painter, const Palette& colors) const;
    void paint_overlay(QPainter& painter, const Palette& colors) const;
    void choose(std::size_t row, std::optional<std::size_t> col);

    HeatContents contents_;
    HeatGeometry geometry_;
    Legend legend_;
    QImage image_;  ///< the cells, in device pixels; made again when size, contents or palette change
    double names_width_ = 0;
    std::optional<std::size_t> row_, col_;
    std::optional<HeatCell> hover_;
};

}  // namespace fedsleuth::ui
