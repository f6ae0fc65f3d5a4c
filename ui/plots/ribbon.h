// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/ids.h"
#include "ui/plots/ribbon_geometry.h"

#include <QImage>
#include <QString>
#include <QWidget>
#include <limits>
#include <optional>
#include <vector>

namespace fedsleuth::ui {

struct CaseData;

/// What the ribbon shows of one round.
struct RibbonRound {
    model::RoundNo round;
    double quality = std::numeric_limits<double>::quiet_NaN();    ///< accuracy or loss; NaN where unknown
    double suspicion = std::numeric_limits<double>::quiet_NaN();  ///< highest evidence; NaN where not analysed
    bool flagged = false;                                         ///< someone's bad round
    QString note;                                                 ///< plain text for the tooltip; may be empty
};

struct RibbonContents {
    QString quality_name;  ///< what the upper lane shows: "accuracy", "train_loss, mean of clients"; empty where there
                           ///< is none
    std::vector<RibbonRound> rounds;  ///< by number
};

/// Accuracy of the rounds or checkpoints where the log has it, else any accuracy-like metric, else the loss; and who
/// was bad in which round.
[[nodiscard]] RibbonContents ribbon_contents(const CaseData& data);

/// All rounds of a case in a strip: quality above, suspicion below, a brush over both. The window shows it above
/// every page. Drag to narrow the range, drag its ends to change it, double click for all rounds; a click selects
/// the round. Keys: ← → Home End select rounds, Shift with them moves the end of the range, [ and ] set its first and
/// last round to the selected one, Enter activates, Escape widens.
class Ribbon : public QWidget {
    Q_OBJECT
public:
    explicit Ribbon(QWidget* parent = nullptr);

    void set_contents(RibbonContents contents);  ///< the range becomes all rounds
    void clear();
    /// Do not emit: they follow the session's RoundRange and Selection.
    void set_range(model::RoundNo first, model::RoundNo last);
    void set_current(std::optional<model::RoundNo> round);

    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

signals:
    void range_changed(fedsleuth::model::RoundNo first, fedsleuth::model::RoundNo last);
    void round_clicked(fedsleuth::model::RoundNo round);
    void round_activated(fedsleuth::model::RoundNo round);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    [[nodiscard]] RibbonGeometry geometry_now() const;
    void render();
    void paint_quality(QPainter& painter, const RibbonGeometry& geometry) const;
    void paint_suspicion(QPainter& painter, const RibbonGeometry& geometry) const;
    void paint_names(QPainter& painter, const RibbonGeometry& geometry) const;
    void paint_brush(QPainter& painter, const RibbonGeometry& geometry) const;
    void set_brush(Brush brush);
    void update_tooltip(const QPoint& position);
    [[nodiscard]] model::RoundNo round_at(std::size_t round_idx) const { return contents_.rounds[round_idx].round; }

    RibbonContents contents_;
    Brush brush_;
    std::optional<std::size_t> current_;
    std::optional<std::size_t> hover_;
    std::optional<BrushDrag> drag_;
    QImage image_;  ///< lanes and axis; brush, caret and hover lie over it
};

}  // namespace fedsleuth::ui
