// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/parts.h"

#include "ui/plots/plot_text.h"
#include "ui/tables/cells.h"

#include <QEvent>
#include <QFrame>
#include <QGridLayout>
#include <QPainter>
#include <QVBoxLayout>

namespace fedsleuth::ui {

namespace {

/// One pixel in the colour that the palette has for lines.
class Hairline final : public QFrame {
public:
    explicit Hairline(QWidget* parent) : QFrame(parent) { setFixedHeight(1); }

protected:
    void paintEvent(QPaintEvent*) override { QPainter(this).fillRect(rect(), palette().color(QPalette::Mid)); }
};

}  // namespace

QLabel* make_text(QWidget* parent)
{
    auto* label = new QLabel(parent);
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    label->setFocusPolicy(Qt::ClickFocus);  // the keyboard's way through a page leads over what can be used
    return label;
}

QLabel* make_quiet_text(QWidget* parent)
{
    QLabel* label = make_text(parent);
    label->setFont(small_font(label->font()));
    label->setForegroundRole(QPalette::PlaceholderText);
    return label;
}

QLabel* make_title(const QString& text, QWidget* parent)
{
    QLabel* label = make_text(parent);
    label->setFont(title_font(label->font()));
    label->setText(text);
    return label;
}

QLabel* make_section_title(const QString& text, QWidget* parent)
{
    QLabel* label = make_text(parent);
    QFont font = label->font();
    font.setWeight(QFont::DemiBold);
    label->setFont(font);
    label->setText(text);
    return label;
}

QFrame* make_hairline(QWidget* parent) { return new Hairline(parent); }

QBoxLayout* make_page_layout(QWidget* page)
{
    auto* layout = new QVBoxLayout(page);
    layout->setContentsMargins(4 * grid, 3 * grid, 4 * grid, 2 * grid);
    layout->setSpacing(2 * grid);
    return layout;
}

void show_instead(QWidget* shown, QWidget* hidden)
{
    hidden->hide();
    shown->show();
    if (QLayout* layout = shown->parentWidget()->layout()) layout->activate();
}

void say(QLabel* label, const QString& text)
{
    label->setText(text);
    label->setVisible(!text.isEmpty());
}

FigureRow::FigureRow(QWidget* parent) : QWidget(parent), layout_(new QGridLayout(this))
{
    layout_->setContentsMargins(0, grid, 0, grid);
    layout_->setHorizontalSpacing(6 * grid);
    layout_->setVerticalSpacing(0);
}

void FigureRow::set_figures(const std::vector<Figure>& figures)
{
    while (columns_.size() < figures.size()) {
        const int column = static_cast<int>(columns_.size());
        Column added{make_title({}, this), make_text(this), make_quiet_text(this)};
        added.label->setWordWrap(false);
        added.detail->setWordWrap(false);
        layout_->addWidget(added.value, 0, column);
        layout_->addWidget(added.label, 1, column);
        layout_->addWidget(added.detail, 2, column);
        layout_->setColumnStretch(column, 1);
        columns_.push_back(added);
    }
    for (std::size_t idx = 0; idx < columns_.size(); ++idx) {
        const Figure figure = idx < figures.size() ? figures[idx] : Figure{};
        columns_[idx].value->setText(text_of(figure.value));
        columns_[idx].label->setText(text_of(figure.label));
        columns_[idx].detail->setText(text_of(figure.detail));
        columns_[idx].value->setAccessibleName(text_of(figure.label));
    }
}

EmptyState::EmptyState(QWidget* parent) : QWidget(parent), title_(make_section_title({}, this)), text_(make_text(this))
{
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 6 * grid, 0, 0);
    layout->setSpacing(grid);
    layout->addWidget(title_);
    layout->addWidget(text_);
    layout->addStretch(1);
    text_->setForegroundRole(QPalette::PlaceholderText);
    text_->setMaximumWidth(560);
}

void EmptyState::set_words(const QString& title, const QString& text)
{
    title_->setText(title);
    text_->setText(text);
}

}  // namespace fedsleuth::ui
