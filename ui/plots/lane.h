// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/ids.h"

#include <QString>
#include <QWidget>
#include <optional>
#include <vector>

namespace fedsleuth::ui {

enum class CheckpointStatus { clean, suspect, contaminated, unknown };

/// Of RollbackCandidate::status.
[[nodiscard]] CheckpointStatus checkpoint_status_from(const std::string& status);

/// One checkpoint of the lane.
struct LaneCell {
    model::RoundNo round;
    CheckpointStatus status = CheckpointStatus::unknown;
    bool recommended = false;  ///< carries a flag and the word
    QString tooltip;           ///< plain text
};

/// Checkpoints side by side in the order of their rounds: colour and shape say the status, a flag the recommended
/// one. Click selects, double click or Enter activates, ← → Home End move. Where there are more checkpoints than
/// pixels, a column shows the worst that lies under it.
class Lane : public QWidget {
    Q_OBJECT
public:
    explicit Lane(QWidget* parent = nullptr);

    void set_cells(std::vector<LaneCell> cells);
    void set_selected(std::optional<model::RoundNo> round);  ///< does not emit

    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

signals:
    void round_clicked(fedsleuth::model::RoundNo round);
    void round_activated(fedsleuth::model::RoundNo round);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    [[nodiscard]] QRectF strip() const;
    [[nodiscard]] QRectF cell_rect(std::size_t cell_idx) const;
    [[nodiscard]] std::optional<std::size_t> cell_at(const QPointF& position) const;
    void select(std::size_t cell_idx);
    void paint_cells(QPainter& painter) const;
    void paint_flag(QPainter& painter) const;
    void paint_axis(QPainter& painter) const;
    void paint_legend(QPainter& painter) const;

    std::vector<LaneCell> cells_;
    std::optional<std::size_t> selected_;
    std::optional<std::size_t> hover_;
};

}  // namespace fedsleuth::ui
