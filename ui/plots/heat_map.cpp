// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/heat_map.h"

#include "ui/plots/plot_text.h"
#include "ui/plots/scales.h"

#include <cmath>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>

namespace fedsleuth::ui {
namespace {

constexpr double mark_size = 9, mark_space = 14;
constexpr double bar_width = 72, swatch_size = 8, legend_space = 4;

/// A frame that shows on every colour: the accent on a rim of paper.
void draw_frame(QPainter& painter, const QRectF& rect, const QColor& color, const QColor& rim)
{
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(rim, 1));
    painter.drawRect(rect.adjusted(-1.5, -1.5, 0.5, 0.5));
    painter.setPen(QPen(color, 1));
    painter.drawRect(rect.adjusted(-0.5, -0.5, -0.5, -0.5));
}

}  // namespace

HeatMap::HeatMap(QWidget* parent) : QWidget(parent)
{
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
}

void HeatMap::set_contents(HeatContents contents)
{
    contents_ = std::move(contents);
    row_.reset();
    col_.reset();
    hover_.reset();
    setAccessibleName(
        QStringLiteral("%1 by %2: %3").arg(contents_.row_title, contents_.col_title, contents_.scale.name));
    lay_out();
}

void HeatMap::set_selected(std::optional<std::size_t> row, std::optional<std::size_t> col)
{
    if (row && *row >= contents_.rows) row.reset();
    if (col && *col >= contents_.cols) col.reset();
    if (row == row_ && col == col_) return;
    row_ = row;
    col_ = col;
    update();
}

QSize HeatMap::sizeHint() const { return {420, 320}; }
QSize HeatMap::minimumSizeHint() const { return {180, 140}; }

void HeatMap::lay_out()
{
    const QFont font = small_font(this->font());
    const QFontMetricsF metrics(font);
    names_width_ = 0;
    for (const QString& name : contents_.row_names)
        names_width_ = std::max(names_width_, metrics.horizontalAdvance(name.left(48)));
    if (!contents_.row_verdicts.empty()) names_width_ += mark_space;
    legend_ = legend();
    const auto width_of = [&](const QString& text) { return metrics.horizontalAdvance(text) + 2; };
    std::vector<double> parts{width_of(legend_.low) + legend_space + bar_width + legend_space + width_of(legend_.high),
                              width_of(legend_.name)};
    if (!legend_.zero.isEmpty()) parts.push_back(width_of(legend_.zero));
    if (!legend_.missing.isEmpty()) parts.push_back(swatch_size + legend_space + width_of(legend_.missing));
    geometry_ = HeatGeometry::of({size(), contents_.rows, contents_.cols, names_width_, metrics.height(),
                                  contents_.col_labels, contents_.square, std::move(parts)});
    const double ratio = devicePixelRatioF();
    const QSize pixels = (geometry_.plot.size() * ratio).toSize();
    image_ = heat_image(matrix(), pixels, contents_.scale, Palette::of(palette()));
    image_.setDevicePixelRatio(ratio);
    update();
}

void HeatMap::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    lay_out();
}

void HeatMap::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) lay_out();
}

void HeatMap::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    const Palette colors = Palette::of(palette());
    painter.fillRect(rect(), colors.paper);
    painter.setFont(small_font(font()));
    if (matrix().empty()) {
        painter.setFont(font());
        draw_empty(painter, rect(), contents_.empty_text, colors.quiet);
        draw_focus(painter, this, colors.accent);
        return;
    }
    painter.drawImage(geometry_.plot.topLeft(), image_);
    paint_names(painter, colors);
    paint_columns(painter, colors);
    paint_legend(painter, colors);
    paint_overlay(painter, colors);
    draw_focus(painter, this, colors.accent);
}

void HeatMap::paint_names(QPainter& painter, const Palette& colors) const
{
    if (contents_.row_names.empty()) return;
    const double line = painter.fontMetrics().height();
    std::vector<std::size_t> pinned;
    if (row_) pinned.push_back(*row_);
    for (std::size_t row = 0; row < contents_.row_verdicts.size(); ++row)
        if (contents_.row_verdicts[row] == model::VerdictClass::malicious) pinned.push_back(row);
    for (const std::size_t row : readable_labels(contents_.rows, geometry_.plot.height(), line, pinned)) {
        const double middle = geometry_.row_rect(row).center().y();
        QRectF box(geometry_.names.left(), middle - line / 2, geometry_.names.width(), line);
        if (!contents_.row_verdicts.empty()) {
            const QRectF mark(box.left(), middle - mark_size / 2, mark_size, mark_size);
            draw_verdict_mark(painter, mark, contents_.row_verdicts[row], colors);
            box.setLeft(box.left() + mark_space);
        }
        painter.setPen(row == row_ ? colors.accent : hover_ && hover_->row == row ? colors.ink : colors.quiet);
        draw_elided(painter, box, Qt::AlignRight | Qt::AlignVCenter, contents_.row_names[row], Qt::ElideMiddle);
    }
}

void HeatMap::paint_columns(QPainter& painter, const Palette& colors) const
{
    const QFontMetricsF metrics(painter.font());
    if (contents_.col_labels && !contents_.col_names.empty()) {
        double widest = 0;
        for (const QString& name : contents_.col_names) widest = std::max(widest, metrics.horizontalAdvance(name));
        widest = std::min(widest, 96.0);
        const double size = widest + 8;
        std::vector<std::size_t> pinned;
        if (col_) pinned.push_back(*col_);
        // Numbers are ticked at 5, 10, 15 …, names at every k-th.
        bool numbers = false;
        const double first = contents_.col_names.front().toDouble(&numbers);
        const auto most = int(geometry_.plot.width() / size);
        if (numbers && contents_.cols > 1) {
            const double last = contents_.col_names.back().toDouble();
            const Ticks ticks = whole_ticks(first, last, std::max(2, most));
            for (std::size_t col = 0; col < contents_.cols; ++col)
                if (std::fmod(contents_.col_names[col].toDouble(), ticks.step) == 0) pinned.push_back(col);
        }
        const bool ticked = pinned.size() > (col_ ? 1U : 0U);
        for (const std::size_t col : readable_labels(contents_.cols, geometry_.plot.width(), size, pinned)) {
            if (ticked && std::find(pinned.begin(), pinned.end(), col) == pinned.end()) continue;
            const double middle = geometry_.col_rect(col).center().x();
            painter.setPen(colors.hairline);
            painter.drawLine(QPointF(middle, geometry_.plot.bottom() + 1),
                             QPointF(middle, geometry_.plot.bottom() + 4));
            painter.setPen(col == col_ ? colors.accent : colors.quiet);
            const QRectF box(middle - size / 2, geometry_.column_axis.top(), size, geometry_.column_axis.height());
            draw_inside(painter, box, rect(), contents_.col_names[col]);
        }
    }
    painter.setPen(colors.quiet);
    draw_elided(painter, geometry_.title, Qt::AlignLeft | Qt::AlignVCenter, contents_.col_title);
}

HeatMap::Legend HeatMap::legend() const
{
    const HeatScale& scale = contents_.scale;
    const double reach = scale.high_end() - scale.low_end();
    const auto end_text = [&](double value) {
        return tick_label(value, std::pow(10, std::floor(std::log10(reach)) - 1));
    };
    Legend legend{number_text(scale.low_end(), 2), number_text(scale.high_end(), 2), scale.name, {}, {}};
    if (reach > 0 && std::abs(scale.low_end()) > reach) {  // a narrow range far from zero needs more digits
        legend.low = end_text(scale.low_end());
        legend.high = end_text(scale.high_end());
    }
    if (scale.beyond_low) legend.low.prepend(QStringLiteral("≤ "));
    if (scale.beyond_high) legend.high.prepend(QStringLiteral("≥ "));
    if (!scale.unit.isEmpty()) legend.name += QStringLiteral(" (%1)").arg(scale.unit);
    if (!scale.zero_meaning.isEmpty()) legend.zero = QStringLiteral("0 = %1").arg(scale.zero_meaning);
    if (std::any_of(contents_.values.begin(), contents_.values.end(), [](double value) { return std::isnan(value); }))
        legend.missing = contents_.missing_text;
    return legend;
}

void HeatMap::paint_legend(QPainter& painter, const Palette& colors) const
{
    const HeatScale& scale = contents_.scale;
    const QFontMetricsF metrics(painter.font());
    const double reach = scale.high_end() - scale.low_end();
    auto box = geometry_.legend_parts.begin();
    double x = box->left();
    const auto write = [&](const QString& text) {
        const double width = std::min(metrics.horizontalAdvance(text) + 1, std::max(0.0, box->right() - x));
        painter.setPen(colors.quiet);
        draw_elided(painter, QRectF(x, box->top(), width, box->height()), Qt::AlignLeft | Qt::AlignVCenter, text);
        x += width + legend_space;
    };
    write(legend_.low);
    const QRectF bar(std::ceil(x), std::round(box->center().y() - 4), bar_width, 8);
    for (int pixel = 0; pixel < int(bar.width()); ++pixel) {
        const double value = scale.low_end() + reach * (pixel + 0.5) / bar.width();
        painter.fillRect(QRectF(bar.left() + pixel, bar.top(), 1, bar.height()), QColor(scale.color(value, colors)));
    }
    painter.setPen(colors.quiet);
    if (scale.low_end() < 0 && scale.high_end() > 0) {
        const double zero = std::round(bar.left() + bar.width() * -scale.low_end() / reach) + 0.5;
        painter.drawLine(QPointF(zero, bar.top() - 2), QPointF(zero, bar.bottom() + 1));
    }
    x = bar.right() + legend_space;
    write(legend_.high);
    x = (++box)->left();
    write(legend_.name);
    if (!legend_.zero.isEmpty()) {
        x = (++box)->left();
        write(legend_.zero);
    }
    if (legend_.missing.isEmpty()) return;
    x = (++box)->left();
    const QRectF swatch(std::ceil(x), std::round(box->center().y() - 4), swatch_size, swatch_size);
    painter.fillRect(swatch, QColor(colors.missing()));
    x = swatch.right() + legend_space;
    write(legend_.missing);
}

void HeatMap::paint_overlay(QPainter& painter, const Palette& colors) const
{
    if (hover_) {
        const QRectF cell = geometry_.row_rect(hover_->row).intersected(geometry_.col_rect(hover_->col));
        if (cell.width() >= 3 && cell.height() >= 3) draw_frame(painter, cell, colors.ink, colors.paper);
    }
    if (row_) draw_frame(painter, geometry_.row_rect(*row_), colors.accent, colors.paper);
    if (col_) draw_frame(painter, geometry_.col_rect(*col_), colors.accent, colors.paper);
}

QString HeatMap::tooltip(const HeatCell& cell) const
{
    const auto name = [](const std::vector<QString>& names, std::size_t idx) {
        return idx < names.size() ? names[idx] : QString::number(idx + 1);
    };
    const double value = matrix().at(cell.row, cell.col);
    const QString unit = contents_.scale.unit.isEmpty() ? QString() : QLatin1Char(' ') + contents_.scale.unit;
    QString text = QStringLiteral("%1, %2\n")
                       .arg(name(contents_.row_names, cell.row),
                            contents_.col_labels
                                ? contents_.col_title.toLower() + QLatin1Char(' ') + name(contents_.col_names, cell.col)
                                : name(contents_.col_names, cell.col));
    text += std::isnan(value) ? contents_.missing_text
                              : QStringLiteral("%1: %2%3").arg(contents_.scale.name, number_text(value, 5), unit);
    if (contents_.note) {
        const QString more = contents_.note(cell.row, cell.col);
        if (!more.isEmpty()) text += QLatin1Char('\n') + more;
    }
    return text;
}

void HeatMap::choose(std::size_t row, std::optional<std::size_t> col)
{
    row_ = row;
    col_ = col;
    update();
    emit cell_selected(int(row), col ? int(*col) : -1);
}

void HeatMap::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton) return QWidget::mousePressEvent(event);
    if (const auto cell = geometry_.cell_at(event->position()))
        choose(cell->row, geometry_.plot.contains(event->position()) ? std::optional(cell->col) : col_);
}

void HeatMap::mouseMoveEvent(QMouseEvent* event)
{
    const auto cell = geometry_.plot.contains(event->position()) ? geometry_.cell_at(event->position()) : std::nullopt;
    if (cell != hover_) {
        hover_ = cell;
        update();
    }
    show_tooltip(this, event->pos(), cell ? tooltip(*cell) : QString());
}

void HeatMap::mouseDoubleClickEvent(QMouseEvent* event)
{
    if (const auto cell = geometry_.cell_at(event->position()))
        emit cell_activated(int(cell->row), geometry_.plot.contains(event->position()) ? int(cell->col) : -1);
}

void HeatMap::leaveEvent(QEvent* event)
{
    QWidget::leaveEvent(event);
    hover_.reset();
    update();
}

void HeatMap::keyPressEvent(QKeyEvent* event)
{
    if (matrix().empty()) return QWidget::keyPressEvent(event);
    const auto moved = [](std::optional<std::size_t> from, std::ptrdiff_t by, std::size_t count) {
        if (!from) return std::size_t{0};
        return std::size_t(std::clamp<std::ptrdiff_t>(std::ptrdiff_t(*from) + by, 0, std::ptrdiff_t(count) - 1));
    };
    const bool far = event->modifiers() & Qt::ControlModifier;
    const std::ptrdiff_t rows = far ? std::ptrdiff_t(contents_.rows) : 1,
                         cols = far ? std::ptrdiff_t(contents_.cols) : 1;
    const auto to_row = [&](std::ptrdiff_t by) { choose(moved(row_, by, contents_.rows), col_); };
    const auto to_col = [&](std::size_t col) { choose(row_.value_or(0), col); };
    switch (event->key()) {
        case Qt::Key_Up:
            return to_row(-rows);
        case Qt::Key_Down:
            return to_row(rows);
        case Qt::Key_PageUp:
            return to_row(-10);
        case Qt::Key_PageDown:
            return to_row(10);
        case Qt::Key_Left:
            return to_col(moved(col_, -cols, contents_.cols));
        case Qt::Key_Right:
            return to_col(moved(col_, cols, contents_.cols));
        case Qt::Key_Home:
            return to_col(0);
        case Qt::Key_End:
            return to_col(contents_.cols - 1);
        case Qt::Key_Return:
        case Qt::Key_Enter:
            if (row_) emit cell_activated(int(*row_), col_ ? int(*col_) : -1);
            return;
        default:
            QWidget::keyPressEvent(event);
    }
}

}  // namespace fedsleuth::ui
