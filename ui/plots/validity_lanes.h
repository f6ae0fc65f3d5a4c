// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <QString>
#include <QWidget>
#include <vector>

namespace fedsleuth::ui {

/// One certificate on the time line. Times are seconds since 1970, UTC.
struct ValidityLane {
    QString name;
    std::optional<double> from, until;  ///< nothing: the certificate can't be read
    std::optional<double> revoked;
    bool bad = false;  ///< drawn as one that was not good while it was used
    QString tooltip;   ///< plain text
};

/// Certificates under one another along one axis of time that spans the federation's run: when each was valid, when it
/// was revoked. A bar that leaves the picture ends in an arrow. Rows can be clicked.
class ValidityLanes : public QWidget {
    Q_OBJECT
public:
    explicit ValidityLanes(QWidget* parent = nullptr);

    /// `first` and `last`: of the federation's run.
    void set_lanes(std::vector<ValidityLane> lanes, double first, double last);
    void set_selected(std::optional<int> lane_idx);

    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

signals:
    void lane_clicked(int lane_idx);

protected:
    void paintEvent(QPaintEvent* event) override;
    bool event(QEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;

private:
    [[nodiscard]] int row_height() const;
    [[nodiscard]] int lane_at(const QPoint& position) const;
    [[nodiscard]] double names_width() const;
    void paint_lane(QPainter& painter, std::size_t lane_idx) const;
    void paint_axis(QPainter& painter) const;
    [[nodiscard]] double to_pixel(double seconds) const;

    std::vector<ValidityLane> lanes_;
    double first_ = 0, last_ = 1;  ///< of the run
    double low_ = 0, high_ = 1;    ///< of the picture
    std::optional<int> selected_;
};

}  // namespace fedsleuth::ui
