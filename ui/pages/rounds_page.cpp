// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/rounds_page.h"

#include "ui/pages/parts.h"
#include "ui/pages/round_words.h"
#include "ui/pages/rules_panel.h"
#include "ui/plots/heat_map.h"
#include "ui/plots/plot_text.h"
#include "ui/plots/scales.h"
#include "ui/plots/scatter.h"
#include "ui/session/case_session.h"
#include "ui/session/jobs.h"
#include "ui/tables/round_lookup.h"
#include "ui/tables/round_table.h"
#include "ui/tables/table_view.h"

#include <algorithm>
#include <cmath>
#include <QCheckBox>
#include <QComboBox>
#include <QHeaderView>
#include <QScopedValueRollback>
#include <QSpinBox>
#include <QSplitter>
#include <QTabWidget>
#include <QToolButton>
#include <QVBoxLayout>

namespace fedsleuth::ui {

RoundsPage::RoundsPage(CaseSession& session, QWidget* parent)
    : Page(session, parent),
      contents_(new QWidget(this)),
      empty_(new EmptyState(this)),
      title_(make_title({}, contents_)),
      counts_(make_quiet_text(contents_)),
      previous_(new QToolButton(contents_)),
      number_(new QSpinBox(contents_)),
      next_(new QToolButton(contents_)),
      worst_(new QToolButton(contents_)),
      tabs_(new QTabWidget(contents_)),
      figures_(new QSplitter(Qt::Horizontal, contents_)),
      obstacle_(new EmptyState(contents_)),
      crowd_(new QCheckBox(tr("Crowd only"), contents_)),
      colors_by_(new QComboBox(contents_)),
      plane_note_(make_quiet_text(contents_)),
      scatter_(new Scatter(contents_)),
      heat_map_(new HeatMap(contents_)),
      table_(new RoundTable(this)),
      view_(new TableView(contents_)),
      rules_(new RulesPanel(session, contents_))
{
    previous_->setText(QStringLiteral("‹"));
    previous_->setToolTip(tr("Previous round"));
    previous_->setAccessibleName(tr("Previous round"));
    next_->setText(QStringLiteral("›"));
    next_->setToolTip(tr("Next round"));
    next_->setAccessibleName(tr("Next round"));
    worst_->setText(tr("Most suspicious"));
    worst_->setToolTip(tr("Go to the most suspicious of the chosen rounds"));
    number_->setPrefix(tr("Round "));
    number_->setKeyboardTracking(false);
    number_->setAccessibleName(tr("Round"));
    colors_by_->addItems({tr("Colour: verdict"), tr("Colour: cluster")});
    colors_by_->setToolTip(tr("Clusters are HDBSCAN's on the cosine distances of this round's updates"));
    crowd_->setToolTip(tr("Look at the crowd closely; what lies far out stands on the rim"));
    view_->show_table(table_);
    view_->sort_first_by(RoundTable::evidence_column, Qt::DescendingOrder);
    view_->setAccessibleName(tr("Clients of the round"));
    build();
    connect_parts();
}

void RoundsPage::build()
{
    auto* const steps = new QHBoxLayout;
    steps->setSpacing(grid);
    steps->addWidget(title_, 1);
    for (QWidget* widget : std::initializer_list<QWidget*>{previous_, number_, next_, worst_}) steps->addWidget(widget);

    const auto figure = [this](const QString& title, std::initializer_list<QWidget*> tools, QLabel* note,
                               QWidget* plot) {
        auto* const box = new QWidget(figures_);
        auto* const layout = new QVBoxLayout(box);
        layout->setContentsMargins(0, 0, 0, 0);
        layout->setSpacing(grid);
        auto* const head = new QHBoxLayout;
        head->addWidget(make_section_title(title, box), 1);
        head->setSpacing(grid);
        for (QWidget* tool : tools) head->addWidget(tool);
        layout->addLayout(head);
        if (note) layout->addWidget(note);
        layout->addWidget(plot, 1);
        figures_->addWidget(box);
    };
    figure(tr("Where do the updates lie?"), {crowd_, colors_by_}, plane_note_, scatter_);
    figure(tr("Which updates point the same way?"), {}, nullptr, heat_map_);
    figures_->setChildrenCollapsible(false);
    figures_->setStretchFactor(0, 1);
    figures_->setStretchFactor(1, 1);

    auto* const parts = new QSplitter(Qt::Vertical, contents_);
    auto* const upper = new QWidget(parts);
    auto* const upper_layout = new QVBoxLayout(upper);
    upper_layout->setContentsMargins(0, 0, 0, 0);
    upper_layout->addWidget(figures_, 1);
    upper_layout->addWidget(obstacle_, 1);
    parts->addWidget(upper);
    parts->addWidget(view_);
    parts->setChildrenCollapsible(false);
    parts->setStretchFactor(0, 3);
    parts->setStretchFactor(1, 2);
    parts->setSizes({600, 400});
    tabs_->setDocumentMode(true);
    tabs_->addTab(parts, tr("Updates"));
    tabs_->addTab(rules_, tr("Rules"));
    tabs_->setTabToolTip(1, tr("What every aggregation rule would have made of this round"));

    QBoxLayout* const page = make_page_layout(this);
    page->addWidget(empty_, 1);
    page->addWidget(contents_, 1);
    auto* const layout = new QVBoxLayout(contents_);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(grid);
    layout->addLayout(steps);
    layout->addWidget(counts_);
    layout->addWidget(make_hairline(contents_));
    layout->addWidget(tabs_, 1);
}

void RoundsPage::connect_parts()
{
    Selection& selection = session().selection();
    connect(previous_, &QToolButton::clicked, this, [this] { step(-1); });
    connect(next_, &QToolButton::clicked, this, [this] { step(1); });
    connect(worst_, &QToolButton::clicked, this, [this, &selection] {
        const CaseDataPtr& data = session().data();
        if (data)
            selection.select_round(most_suspicious_round(*data, session().range().first(), session().range().last()));
    });
    connect(number_, &QSpinBox::valueChanged, this, [this, &selection](int value) {
        if (numbering_) return;
        // Rounds may be missing: the next one in the direction of the change.
        const std::vector<model::RoundNo> rounds = rounds_in_range();
        if (rounds.empty()) return;
        const model::RoundNo wanted{value};
        auto found = std::ranges::lower_bound(rounds, wanted);
        const bool down = round_ && wanted < *round_;
        if (found == rounds.end() || (down && *found != wanted && found != rounds.begin())) --found;
        if (*found != round_) return selection.select_round(*found);
        const QScopedValueRollback setting(numbering_, true);
        number_->setValue(int(found->value()));
    });
    const auto redraw = [this] {
        fill_scatter();
        mark_client();
    };
    connect(colors_by_, &QComboBox::currentIndexChanged, this, redraw);
    connect(crowd_, &QCheckBox::toggled, this, redraw);
    connect(tabs_, &QTabWidget::currentChanged, this, &RoundsPage::show_rules);
    connect(scatter_, &Scatter::point_selected, this, [this](int idx) {
        if (picture_) select(picture_->clients, idx);
    });
    connect(heat_map_, &HeatMap::cell_selected, this, [this](int row) { select(heat_clients_, row); });
    const auto activate = [&selection](const std::vector<model::ClientId>& clients, int idx) {
        if (idx >= 0 && std::size_t(idx) < clients.size()) selection.activate_client(clients[std::size_t(idx)]);
    };
    connect(scatter_, &Scatter::point_activated, this, [this, activate](int idx) {
        if (picture_) activate(picture_->clients, idx);
    });
    connect(heat_map_, &HeatMap::cell_activated, this, [this, activate](int row) { activate(heat_clients_, row); });
    connect(view_, &TableView::row_selected, this,
            [this, &selection](int row) { selection.select_client(table_->client(row)); });
    connect(view_, &TableView::row_activated, this,
            [this, &selection](int row) { selection.activate_client(table_->client(row)); });
}

void RoundsPage::select(const std::vector<model::ClientId>& clients, int idx)
{
    if (idx >= 0 && std::size_t(idx) < clients.size()) session().selection().select_client(clients[std::size_t(idx)]);
}

std::vector<model::RoundNo> RoundsPage::rounds_in_range() const
{
    std::vector<model::RoundNo> rounds;
    if (const CaseDataPtr& data = session().data())
        for (const model::Round& round : data->rounds)
            if (session().range().contains(round.number)) rounds.push_back(round.number);
    return rounds;
}

void RoundsPage::step(int by)
{
    const std::vector<model::RoundNo> rounds = rounds_in_range();
    if (rounds.empty() || !round_) return;
    const auto here = std::ranges::lower_bound(rounds, *round_);
    std::ptrdiff_t idx = here - rounds.begin();
    const bool between = here == rounds.end() || *here != *round_;  // the round lies outside the chosen ones
    idx += by - (between && by > 0 ? 1 : 0);
    session().selection().select_round(rounds[std::size_t(std::clamp<std::ptrdiff_t>(idx, 0, std::ssize(rounds) - 1))]);
}

void RoundsPage::refresh()
{
    const CaseDataPtr& data = session().data();
    const bool any = data && !data->rounds.empty();
    contents_->setVisible(any);
    empty_->setVisible(!any);
    picture_.reset();
    round_.reset();
    ledger_.reset();
    asked_.reset();
    rules_->set_round(nullptr);
    if (!data)
        empty_->set_words(tr("No case is open"),
                          tr("Here will be seen the updates of one round: where they lie, which of them point the "
                             "same way, and what the detectors say of each. Open a case or an evidence folder."));
    else if (!any)
        empty_->set_words(tr("No rounds"), tr("The log of this case names no round."));
    if (any) return;  // show_selection() comes next, and shows the round
    table_->clear();
    scatter_->set_contents({});
    heat_map_->set_contents({});
}

void RoundsPage::show_selection()
{
    const CaseDataPtr& data = session().data();
    if (!data || data->rounds.empty()) return;
    std::optional<model::RoundNo> round = session().selection().round();
    if (round && !data->round_index.contains(*round)) round.reset();  // of the state before training
    if (!round && round_) round = round_;
    if (!round) round = most_suspicious_round(*data, session().range().first(), session().range().last());
    if (round != round_) show_round(round);
    mark_client();
}

void RoundsPage::show_round(std::optional<model::RoundNo> round)
{
    const CaseDataPtr& data = session().data();
    round_ = round;
    picture_.reset();
    ledger_.reset();
    show_rules();
    if (!round) return;
    const std::vector<model::RoundNo> rounds = rounds_in_range();
    {
        const QScopedValueRollback setting(numbering_, true);
        const model::RoundNo lowest = rounds.empty() ? *round : std::min(*round, rounds.front());
        const model::RoundNo highest = rounds.empty() ? *round : std::max(*round, rounds.back());
        number_->setRange(int(lowest.value()), int(highest.value()));
        number_->setValue(int(round->value()));
    }
    previous_->setEnabled(!rounds.empty() && rounds.front() < *round);
    next_->setEnabled(!rounds.empty() && *round < rounds.back());
    title_->setText(round_answer(*data, *round));
    QString counts = round_counts(*data, *round);
    if (!session().range().is_all())
        counts +=
            tr(" · rounds %1 to %2 are chosen").arg(shown(session().range().first()), shown(session().range().last()));
    if (!session().range().contains(*round)) counts += tr(", this one is not among them");
    counts_->setText(counts);
    fill_table();
    if (const auto obstacle = round_obstacle(*data, *round)) return clear_figures(*obstacle);
    request_picture(*round);
}

void RoundsPage::show_rules()
{
    if (tabs_->currentWidget() != rules_ || asked_ == ledger_) return;
    asked_ = ledger_;
    rules_->set_round(ledger_);
}

void RoundsPage::clear_figures(const Words& why)
{
    figures_->hide();
    obstacle_->set_words(why.title, why.text);
    obstacle_->show();
    heat_clients_.clear();
    point_of_.clear();
}

void RoundsPage::request_picture(model::RoundNo round)
{
    // The last round's figures go at once: nothing stale under a new title.
    obstacle_->hide();
    figures_->show();
    heat_clients_.clear();
    point_of_.clear();
    ScatterContents waiting;
    waiting.empty_text = tr("Reading the round …");
    scatter_->set_contents(waiting);
    HeatContents waiting_map;
    waiting_map.empty_text = waiting.empty_text;
    heat_map_->set_contents(waiting_map);
    plane_note_->clear();
    session().with_ledger(round, this, [this, round](const LedgerPtr& ledger) {
        if (round_ != round) return;
        ledger_ = ledger;
        show_rules();
        if (!ledger)
            return clear_figures(
                {tr("Not analysed yet"), tr("This round's updates have not been compared with each other. Analyse the "
                                            "case to see where they lie.")});
        session().jobs().start<std::shared_ptr<const RoundPicture>>(
            QStringLiteral("round-picture-%1").arg(reinterpret_cast<quintptr>(this), 0, 16), tr("Comparing updates"),
            this,
            [ledger](JobControl& control) -> model::Result<std::shared_ptr<const RoundPicture>> {
                FEDSLEUTH_TRY(RoundPicture picture, picture_of(*ledger, control.progress));
                return std::make_shared<const RoundPicture>(std::move(picture));
            },
            [this, round](model::Result<std::shared_ptr<const RoundPicture>> made) {
                if (round_ != round) return;
                if (made) return show_picture(std::move(*made));
                clear_figures({tr("This round could not be drawn"), QString::fromStdString(made.error().text())});
            },
            Jobs::Options{.shown = false});
    });
}

void RoundsPage::show_picture(std::shared_ptr<const RoundPicture> picture)
{
    picture_ = std::move(picture);
    fill_scatter();
    fill_heat_map();
    if (scores_of(*session().data(), *round_).empty()) fill_table();  // the ledger knows the lengths
    mark_client();
}

}  // namespace fedsleuth::ui
