// SPDX-License-Identifier: GPL-3.0-or-later
// The ribbon's mouse and keys.
#include "ui/plots/plot_text.h"
#include "ui/plots/ribbon.h"
#include "ui/plots/scales.h"

#include <cmath>
#include <QKeyEvent>
#include <QMouseEvent>

namespace fedsleuth::ui {

void Ribbon::set_brush(Brush brush)
{
    if (brush == brush_) return;
    brush_ = brush;
    update();
    emit range_changed(round_at(brush.first), round_at(brush.last));
}

void Ribbon::mousePressEvent(QMouseEvent* event)
{
    if (contents_.rounds.empty() || event->button() != Qt::LeftButton) return QWidget::mousePressEvent(event);
    drag_ = BrushDrag::start(geometry_now(), brush_, event->position().x());
}

void Ribbon::mouseMoveEvent(QMouseEvent* event)
{
    if (contents_.rounds.empty()) return;
    const RibbonGeometry geometry = geometry_now();
    const double x = event->position().x();
    if (drag_) {
        // The brush follows the mouse; the pages follow once it is let go.
        const Brush brush = drag_->at(geometry, x);
        if (brush != brush_) {
            brush_ = brush;
            update();
        }
    } else {
        setCursor(brush_end_at(geometry, brush_, x) != 0 ? Qt::SizeHorCursor : Qt::ArrowCursor);
    }
    const bool inside = x >= geometry.plot.left() && x < geometry.plot.right();
    const auto hover = inside ? std::optional(geometry.round_at(x)) : std::nullopt;
    if (hover != hover_) {
        hover_ = hover;
        update();
    }
    update_tooltip(event->pos());
}

void Ribbon::mouseReleaseEvent(QMouseEvent* event)
{
    if (!drag_ || event->button() != Qt::LeftButton) return;
    const RibbonGeometry geometry = geometry_now();
    BrushDrag drag = *drag_;
    drag_.reset();
    const Brush brush = drag.at(geometry, event->position().x());
    if (drag.moved) {
        brush_ = drag.before;
        set_brush(brush);
        update();
        return;
    }
    const double x = event->position().x();
    if (x < geometry.plot.left() || x >= geometry.plot.right()) return;
    current_ = geometry.round_at(x);
    update();
    emit round_clicked(round_at(*current_));
}

void Ribbon::mouseDoubleClickEvent(QMouseEvent* event)
{
    if (contents_.rounds.empty() || event->button() != Qt::LeftButton) return;
    drag_.reset();
    set_brush({0, contents_.rounds.size() - 1});
}

void Ribbon::leaveEvent(QEvent* event)
{
    QWidget::leaveEvent(event);
    hover_.reset();
    update();
}

void Ribbon::update_tooltip(const QPoint& position)
{
    if (!hover_) return show_tooltip(this, position, {});
    const RibbonRound& round = contents_.rounds[*hover_];
    QString text = QStringLiteral("Round %1").arg(shown(round.round));
    if (!contents_.quality_name.isEmpty())
        text += QStringLiteral("\n%1: %2").arg(contents_.quality_name, number_text(round.quality, 4));
    text += std::isnan(round.suspicion) ? QStringLiteral("\nnot analysed")
                                        : QStringLiteral("\nhighest evidence: %1").arg(number_text(round.suspicion));
    if (!round.note.isEmpty()) text += QLatin1Char('\n') + round.note;
    if (drag_ && drag_->moved)
        text = QStringLiteral("Rounds %1 to %2").arg(shown(round_at(brush_.first)), shown(round_at(brush_.last)));
    show_tooltip(this, position, text);
}

void Ribbon::keyPressEvent(QKeyEvent* event)
{
    if (contents_.rounds.empty()) return QWidget::keyPressEvent(event);
    const std::size_t last = contents_.rounds.size() - 1;
    const bool shift = event->modifiers() & Qt::ShiftModifier;
    const auto select = [this](std::size_t idx) {
        current_ = idx;
        update();
        emit round_clicked(round_at(idx));
    };
    switch (event->key()) {
        case Qt::Key_Left:
            if (shift)
                return set_brush({brush_.first, std::max(brush_.first, brush_.last - (brush_.last > 0 ? 1 : 0))});
            return select(current_ && *current_ > 0 ? *current_ - 1 : 0);
        case Qt::Key_Right:
            if (shift) return set_brush({brush_.first, std::min(last, brush_.last + 1)});
            return select(current_ ? std::min(last, *current_ + 1) : 0);
        case Qt::Key_Home:
            return select(0);
        case Qt::Key_End:
            return select(last);
        case Qt::Key_Return:
        case Qt::Key_Enter:
            if (current_) emit round_activated(round_at(*current_));
            return;
        case Qt::Key_BracketLeft:
            if (current_ && *current_ <= brush_.last) set_brush({*current_, brush_.last});
            return;
        case Qt::Key_BracketRight:
            if (current_ && *current_ >= brush_.first) set_brush({brush_.first, *current_});
            return;
        case Qt::Key_Escape:
            return set_brush({0, last});
        default:
            QWidget::keyPressEvent(event);
    }
}

}  // namespace fedsleuth::ui
