// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/plots/palette.h"
#include "ui/plots/scatter_layout.h"

#include <QImage>
#include <QString>
#include <QWidget>

namespace fedsleuth::ui {

struct ScatterPoint {
    QPointF at;  ///< not drawn where it is not finite
    QString name;  ///< plain text
    model::VerdictClass verdict = model::VerdictClass::unknown;
    int cluster = -1;  ///< for the colour by cluster; −1 is noise
    QString note;      ///< more lines for the tooltip, plain text
};

struct ScatterContents {
    std::vector<ScatterPoint> points;
    QString x_title, y_title;  ///< with unit and explained share
    bool by_cluster = false;   ///< colours say the cluster; shapes still say the verdict
    bool equal_aspect = true;
    bool crowd_only = false;   ///< the frame holds the crowd; what lies far out stands on its rim, with an arrow
    QString empty_text;
};

/// Points in a plane with verdict marks. Malicious ones and the selected one carry their names, as far as there is
/// room. Click selects, double click or Enter activates, arrows go to the next point in that direction.
class Scatter : public QWidget {
    Q_OBJECT
public:
    explicit Scatter(QWidget* parent = nullptr);

    void set_contents(ScatterContents contents);
    [[nodiscard]] const ScatterContents& contents() const { return contents_; }
    void set_selected(std::optional<std::size_t> point_idx);  ///< does not emit
    [[nodiscard]] int outside_count() const;  ///< points on the rim
    /// Boxes of the names as they are drawn, for tests.
    [[nodiscard]] std::vector<QRectF> label_boxes() const;

    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

signals:
    void point_selected(int point_idx);
    void point_activated(int point_idx);

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
    struct Label {
        std::size_t point_idx;
        QRectF box;
    };
    void lay_out();
    void place_names();
    void render();
    void paint_axes(QPainter& painter, const Palette& colors) const;
    void paint_points(QPainter& painter, const Palette& colors) const;
    void paint_names(QPainter& painter, const Palette& colors) const;
    void paint_legend(QPainter& painter, const Palette& colors) const;
    void choose(std::size_t point_idx);
    [[nodiscard]] double mark_reach() const;
    [[nodiscard]] QString tooltip(std::size_t point_idx) const;

    ScatterContents contents_;
    QRectF plot_;
    PlaneScales scales_;
    std::vector<QPointF> pixels_;  ///< of the points
    std::vector<char> outside_;    ///< 1: held on the rim
    std::vector<Label> labels_;
    std::size_t unnamed_ = 0;  ///< names that had no room
    QImage image_;  ///< axes and marks; names, selection and hover lie over it
    std::optional<std::size_t> selected_, hover_;
};

}  // namespace fedsleuth::ui
